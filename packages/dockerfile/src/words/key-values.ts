import { SyntaxProblem, TextProblem } from '../errors.ts';
import { splitWords } from './words.ts';

/** A name with a value, both as written: variables and quotes are still in them. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** The pairs of ENV or LABEL. `legacy`: written as `key value`, which is one pair whose value is the rest of the line. */
export interface KeyValues {
  readonly pairs: readonly KeyValue[];
  readonly legacy: boolean;
}

/** Reads `key=value …` or `key value`. Throws `SyntaxProblem`, which names `instruction`. */
export function readKeyValues(text: string, instruction: string, escape: '\\' | '`'): KeyValues {
  const words = splitWords(text, escape);
  const [first] = words;
  if (first === undefined) throw new SyntaxProblem(`${instruction} requires at least one argument`);
  if (!first.includes('=')) return { pairs: [legacyPair(text, instruction)], legacy: true };
  return { pairs: words.map((word) => pair(word, instruction)), legacy: false };
}

function legacyPair(text: string, instruction: string): KeyValue {
  const [, key, value] = /^(\S+)[\t\v\f\r ]+([\s\S]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new TextProblem(`${instruction} must have two arguments`);
  return { key, value };
}

function pair(word: string, instruction: string): KeyValue {
  const at = word.indexOf('=');
  if (at < 0) {
    const text = JSON.stringify(word);
    throw new TextProblem(`Syntax error - can't find = in ${text}. Must be of the form: name=value`);
  }
  if (at === 0) throw new SyntaxProblem(`${instruction} names can not be blank`);
  return { key: word.slice(0, at), value: word.slice(at + 1) };
}
