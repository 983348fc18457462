import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TemplateError } from '../errors.ts';
import { compileTemplate } from './template.ts';

const data = {
  Name: 'web',
  Empty: '',
  List: [1, 2, { x: 3 }],
  None: [],
  Labels: { b: '2', a: '1' },
  Nested: { Deep: { Value: 7 } },
  Count: 5,
  Ratio: 1.5,
  Big: 12_345_678_901,
  Yes: true,
  Nothing: null,
  Label: (name: unknown) => `label ${String(name)}`,
};

const render = (source: string): string => compileTemplate(source, { mapFields: ['Labels'] }).render(data);

const cases: Record<string, string> = {
  // text, trimming, comments
  plain: 'plain',
  'a {{- /* note */ -}} b': 'ab',
  'a {{/* note */}} b': 'a  b',
  'a {{- .Name -}} b': 'awebb',
  '{{"{{"}}': '{{',
  // fields and values
  '{{.Name}}': 'web',
  '{{ .Nested.Deep.Value }}': '7',
  '{{.List}}': '[1 2 {3}]',
  '{{.Labels}}': 'map[a:1 b:2]',
  '{{.Labels.a}}': '1',
  '{{.Labels.zz}}': '<no value>',
  '{{.Nothing}} {{.Ratio}} {{.Big}} {{.Yes}}': '<nil> 1.5 12345678901 true',
  '{{$.Name}}': 'web',
  // literals
  '{{"a\\tb\\u00e9"}}{{`raw\\n`}}': 'a\tbéraw\\n',
  "{{'a'}} {{0x10}} {{-3}} {{1e3}} {{1_000}}": '97 16 -3 1000 1000',
  '{{true}} {{nil | not}}': 'true true',
  // variables
  '{{$x := .Count}}{{$x}}': '5',
  '{{$x := 1}}{{$x = 2}}{{$x}}': '2',
  '{{$x := 1}}{{if true}}{{$x = 3}}{{end}}{{$x}}': '3',
  '{{$x := 1}}{{if true}}{{$x := 3}}{{end}}{{$x}}': '1',
  '{{$x := .Nested}}{{$x.Deep.Value}}': '7',
  // control
  '{{if .Yes}}a{{end}}{{if .Empty}}b{{end}}': 'a',
  '{{if .None}}a{{else if eq .Count 5}}b{{else}}c{{end}}': 'b',
  '{{if .None}}a{{else if .Empty}}b{{else}}c{{end}}': 'c',
  '{{with .Nested.Deep}}{{.Value}}{{$.Name}}{{end}}': '7web',
  '{{with .None}}a{{else}}b{{end}}': 'b',
  '{{with .None}}a{{else with .Name}}{{.}}{{end}}': 'web',
  '{{range .List}}<{{.}}>{{end}}': '<1><2><{3}>',
  '{{range $i, $v := .List}}{{$i}}={{$v}};{{end}}': '0=1;1=2;2={3};',
  '{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}': 'a=1;b=2;',
  '{{range .Labels}}{{.}}{{end}}': '12',
  '{{range .None}}x{{else}}none{{end}}': 'none',
  '{{range $v := .List}}{{if eq $v 2}}{{break}}{{end}}{{$v}}{{end}}': '1',
  '{{range 3}}{{.}}{{end}}': '012',
  '{{range $i, $v := .List}}{{if $i}}{{continue}}{{end}}{{$v}}{{end}}': '1',
  // pipelines, parentheses, methods
  '{{.Name | upper | printf "%s-%s" "x"}}': 'x-WEB',
  '{{(index .List 2).x}}': '3',
  '{{(len .Name)}}': '3',
  '{{.Label "a"}} {{"b" | .Label}}': 'label a label b',
  // comparison and logic
  '{{eq 1 1}}{{eq "a" "b" "a"}}{{ne 1 2}}{{lt 1 2}}{{le 2 2}}{{gt "b" "a"}}{{ge 1 2}}':
    'truetruetruetruetruetruefalse',
  '{{and 1 0 2}} {{and 1 2}} {{or 0 "x"}} {{or 0 ""}}|{{not 0}}': '0 2 x |true',
  '{{or .Name .Labels.x.y.z}}': 'web',
  // functions
  '{{json .Labels}} {{json .Name}} {{json .Nothing}} {{json .List}}':
    '{"b":"2","a":"1"} "web" null [1,2,{"x":3}]',
  '{{join (split "a,b,c" ",") "-"}}': 'a-b-c',
  '{{lower "AB"}}{{upper "ab"}}{{title "ab cd"}}': 'abABAb Cd',
  '{{pad "x" 1 2}}|{{pad "" 1 2}}|{{truncate "héllo" 2}}|{{truncate "a" 5}}': ' x  ||hé|a',
  '{{len .List}} {{len "é"}} {{len .Labels}}': '3 2 2',
  '{{index .List 0}} {{index .Labels "a"}} {{index .Labels "zz"}}|': '1 1 |',
  '{{slice "hello" 1 3}} {{slice .List 0 1}}': 'el [1]',
  '{{print 1 2 "a" 3}} {{println "x"}}': '1 2a3 x\n',
  '{{printf "%5d|%-5s|%05.1f|%q|%x|%v|%t|%%" 42 "ab" 3.14159 "q" 255 .List true}}':
    '   42|ab   |003.1|"q"|ff|[1 2 {3}]|true|%',
  '{{html "<a&b>"}} {{urlquery "a b&c"}}': '&lt;a&amp;b&gt; a+b%26c',
};

for (const [source, expected] of Object.entries(cases)) {
  test(`renders ${JSON.stringify(source)}`, () => assert.equal(render(source), expected));
}

const malformed: Record<string, string> = {
  '{{': 'unclosed action',
  '{{.Name': 'unclosed action',
  '{{end}}': 'unexpected {{end}}',
  '{{if .A}}': 'unexpected EOF',
  '{{range .A}}{{else}}': 'unexpected EOF',
  '{{nope}}': 'function "nope" not defined',
  '{{$x}}': 'undefined variable "$x"',
  '{{}}': 'missing value for command',
  '{{if}}{{end}}': 'missing value for if',
  '{{(.A}}': 'unclosed left paren',
  '{{.A)}}': 'unexpected ")" in command',
  '{{"abc}}': 'unterminated quoted string',
  '{{1 | 2}}': 'non executable command in pipeline stage 2',
  '{{break}}': '{{break}} outside {{range}}',
  '{{define "x"}}{{end}}': '{{define}} is not supported',
  '{{if .A}}{{else}}{{else}}{{end}}': 'expected end; found {{else}}',
};

for (const [source, reason] of Object.entries(malformed)) {
  test(`refuses ${JSON.stringify(source)} when it is compiled`, () => {
    assert.throws(
      () => compileTemplate(source),
      (error) => {
        assert.ok(error instanceof TemplateError && error.parsing);
        assert.equal(error.message, `template: :1: ${reason}`);
        return true;
      },
    );
  });
}

const failing: Record<string, string> = {
  '{{.Nope}}': 'template: :1:2: executing "" at <.Nope>: map has no entry for key "Nope"',
  '{{.Name.X}}': 'template: :1:2: executing "" at <.Name.X>: can\'t evaluate field X in type string',
  '{{.Nothing.X}}': 'template: :1:2: executing "" at <.Nothing.X>: nil pointer evaluating interface {}.X',
  '{{index .List 9}}': 'template: :1:2: executing "" at <index>: error calling index: index out of range: 9',
  '{{lt 1 "a"}}': 'template: :1:2: executing "" at <lt>: error calling lt: incompatible types for comparison',
  '{{upper 1}}':
    'template: :1:2: executing "" at <upper>: error calling upper: wrong type for value; expected string; got int',
  '{{range .Name}}{{end}}': 'template: :1:8: executing "" at <>: range can\'t iterate over web',
};

for (const [source, message] of Object.entries(failing)) {
  test(`fails on the value for ${JSON.stringify(source)}`, () => {
    assert.throws(
      () => render(source),
      (error) => {
        assert.ok(error instanceof TemplateError && !error.parsing);
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}

test('throws nothing but TemplateError, whatever the text', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '.',
    '.A',
    '$x',
    ':=',
    '|',
    '(',
    ')',
    'if',
    'range',
    'end',
    'else',
    '"a"',
    '1',
    ' ',
    '-',
    'index',
    'eq',
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      try {
        compileTemplate(pieces.join('')).render({ A: [1] });
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
