import { TemplateError } from '../errors.ts';

/** A piece of an action. `space` tells that white space stood before it, which parts `.A .B` from `.A.B`. */
export interface Token {
  readonly kind: 'word' | 'field' | 'variable' | 'string' | 'char' | 'number' | 'dot' | 'symbol';
  readonly text: string;
  readonly offset: number;
  readonly space: boolean;
}

/** Text, or the tokens of one `{{…}}`. */
export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: Token[]; readonly offset: number };

/** Splits a template at its actions; trims text beside `{{-` and `-}}` and drops comments. */
export function splitTemplate(source: string): Segment[] {
  const segments: Segment[] = [];
  let trimNext = false;
  for (let at = 0; at <= source.length; ) {
    const open = source.indexOf('{{', at);
    const trimsBefore = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    let text = source.slice(at, open < 0 ? undefined : open);
    if (trimNext) text = text.trimStart();
    if (trimsBefore) text = text.trimEnd();
    if (text !== '') segments.push({ kind: 'text', text });
    if (open < 0) break;
    const start = open + (trimsBefore ? 3 : 2);
    const { tokens, end, trimsAfter } = scanAction(source, start);
    if (tokens !== undefined) segments.push({ kind: 'action', tokens, offset: open + 2 });
    trimNext = trimsAfter;
    at = end;
  }
  return segments;
}

interface ScannedAction {
  /** Undefined for a comment. */
  tokens: Token[] | undefined;
  end: number;
  trimsAfter: boolean;
}

const comment = /\s*\/\*[\s\S]*?\*\/(\s-)?\}\}/y;
const close = /(\s-)?\}\}/y;
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\.[0-9a-fA-F]*)'/y],
  [
    'number',
    /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y,
  ],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['word', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['symbol', /:=|[=|(),]/y],
];

function scanAction(source: string, start: number): ScannedAction {
  const commentMatch = matchAt(comment, source, start);
  if (commentMatch) {
    return {
      tokens: undefined,
      end: start + commentMatch[0].length,
      trimsAfter: commentMatch[1] !== undefined,
    };
  }
  const tokens: Token[] = [];
  for (let at = start; ; ) {
    const closing = matchAt(close, source, at);
    if (closing) return { tokens, end: at + closing[0].length, trimsAfter: closing[1] !== undefined };
    const space = matchAt(/\s+/y, source, at)?.[0].length ?? 0;
    at += space;
    if (space > 0 && !matchAt(/-\}\}/y, source, at) && matchAt(close, source, at)) continue;
    if (space > 0 && matchAt(/-\}\}/y, source, at)) {
      return { tokens, end: at + 3, trimsAfter: true };
    }
    if (at >= source.length) throw new TemplateError('template: :1: unclosed action', true);
    const token = scanToken(source, at, space > 0);
    tokens.push(token);
    at += token.text.length;
  }
}

function scanToken(source: string, offset: number, space: boolean): Token {
  for (const [kind, pattern] of patterns) {
    const text = matchAt(pattern, source, offset)?.[0];
    if (text !== undefined) return { kind, text, offset, space };
  }
  const character = source[offset] ?? '';
  if (character === '"' || character === '`') {
    throw new TemplateError(
      `template: :1: unterminated ${character === '"' ? '' : 'raw '}quoted string`,
      true,
    );
  }
  throw new TemplateError(`template: :1: unexpected "${character}" in command`, true);
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}
