import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandText } from './shell-words.ts';

const values: Readonly<Record<string, string>> = {
  name: 'value',
  path: '/usr/local/bin/node.js',
  empty: '',
  spaced: 'a b',
  many: 'aXbXc',
};
const lookup = (name: string): string | undefined => values[name];
const expand = (text: string): string => expandText(text, lookup, { escape: '\\' }).text;
const words = (text: string): readonly string[] => expandText(text, lookup, { escape: '\\' }).words;

test('puts in values, and knows unset from empty', () => {
  const cases: Readonly<Record<string, string>> = {
    'a$name!': 'avalue!',
    '${name}s': 'values',
    '$none.': '.',
    '\\$name': '$name',
    "'$name'": '$name',
    '"$name"': 'value',
    '"\\$name \\" \\x"': '$name " \\x',
    $: '$',
    'a$.': 'a$.',
    $name$name: 'valuevalue',
    '${empty:-x}': 'x',
    '${empty-x}': '',
    '${none-x}': 'x',
    '${none:-${name}}': 'value',
    '${none:-"a b"}': 'a b',
    '${name:+x}': 'x',
    '${empty:+x}': '',
    '${empty+x}': 'x',
    '${none+x}': '',
    '${name:?no}': 'value',
    '${empty?no}': '',
    '\\': '',
    'a\\bc': 'abc',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(expand(text), expected, text);
});

test('cuts and replaces by pattern', () => {
  const cases: Readonly<Record<string, string>> = {
    '${path#*/}': 'usr/local/bin/node.js',
    '${path##*/}': 'node.js',
    '${path%/*}': '/usr/local/bin',
    '${path%%/*}': '',
    '${path%.js}': '/usr/local/bin/node',
    '${path#/???/}': 'local/bin/node.js',
    '${path#nothing}': '/usr/local/bin/node.js',
    '${many/X/-}': 'a-bXc',
    '${many//X/-}': 'a-b-c',
    '${many//?X/}': 'c',
    '${many/X*/}': 'a',
    '${path//\\//:}': ':usr:local:bin:node.js',
    '${none#x}': '',
    '${many//b*X/$&}': 'aX$&c',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(expand(text), expected, text);
});

test('parts words at blanks outside of quotes, those of values too', () => {
  assert.deepEqual(words('a  "b c" d\\ e $spaced "$spaced"'), ['a', 'b c', 'd e', 'a', 'b', 'a b']);
  assert.deepEqual(words(`x"y"'z' ''`), ['xyz']);
});

test('tells which names it asked for in vain', () => {
  const { undefinedNames } = expandText('$name $none ${other:-x}', lookup, { escape: '\\' });
  assert.deepEqual([...undefinedNames], ['none', 'other']);
});

test('leaves quotes, escapes and unset names where it is told to', () => {
  const keep = { escape: '\\', keepQuotes: true, keepEscapes: true, keepUnset: true } as const;
  assert.equal(
    expandText(`'a' "b" \\c $none \${none:-x} $name`, lookup, keep).text,
    `'a' "b" \\c $none \${none:-x} value`,
  );
  assert.equal(expandText(`it's $name`, lookup, { escape: '\\', ignoreQuotes: true }).text, `it's value`);
});

test('escapes by the backtick where that is the escape character', () => {
  assert.equal(expandText('C:\\x`$name', lookup, { escape: '`' }).text, 'C:\\x$name');
});

test('refuses what it cannot read', () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "'a": /looking for matching single-quote/,
    '"a': /looking for matching double-quote/,
    '${name': /unsupported modifier|missing/,
    '${name:-x': /missing '}'/,
    '${}': /bad substitution/,
    '${name:=x}': /unsupported modifier \(:=\) in substitution/,
    '${name^^}': /unsupported modifier \(\^\)/,
    '${none:?is needed}': /none: is needed/,
    '${empty:?}': /empty: is not allowed to be empty/,
    '${name#\\a}': /invalid escape/,
    '${name/x}': /missing/,
  };
  for (const [text, message] of Object.entries(cases)) assert.throws(() => expand(text), message, text);
});

test('is not slowed down by patterns made to go back', () => {
  const long = 'a'.repeat(20_000);
  const find = (text: string) => expandText(text, () => long, { escape: '\\' }).text;
  assert.equal(find('${x//*a*a*a*a*a*a*b/}'), long);
  assert.equal(find('${x##*a*a*a*a*b}'), long);
  assert.equal(find('${x%%b*a*a*a}'), long);
});
