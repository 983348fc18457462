import { TemplateError } from '../errors.ts';
import { type Segment, splitTemplate, type Token } from './lexer.ts';
import { unquote } from './literals.ts';
import type { Command, Node, Operand, Pipeline } from './syntax.ts';

/** Parses the subset of Go's text/template that this package runs. Throws `TemplateError` with `parsing` set. */
export function parseTemplate(source: string, isFunction: (name: string) => boolean): Node[] {
  const parser = new Parser(splitTemplate(source), isFunction);
  return parser.parseAll();
}

type Ending = 'end' | 'else' | 'eof';

class Parser {
  readonly #segments: readonly Segment[];
  readonly #isFunction: (name: string) => boolean;
  #segment = 0;
  #tokens: readonly Token[] = [];
  #token = 0;
  #rangeDepth = 0;
  #variables: string[] = ['$'];

  constructor(segments: readonly Segment[], isFunction: (name: string) => boolean) {
    this.#segments = segments;
    this.#isFunction = isFunction;
  }

  parseAll(): Node[] {
    const { nodes, ending } = this.#parseList();
    if (ending !== 'eof') throw failure(`unexpected {{${ending}}}`);
    return nodes;
  }

  #parseList(): { nodes: Node[]; ending: Ending } {
    const nodes: Node[] = [];
    for (let segment = this.#next(); segment !== undefined; segment = this.#next()) {
      if (segment.kind === 'text') {
        nodes.push({ kind: 'text', text: segment.text });
        continue;
      }
      this.#tokens = segment.tokens;
      this.#token = 0;
      const first = this.#peek();
      const keyword = first?.kind === 'word' ? first.text : '';
      if (keyword === 'end' || keyword === 'else') {
        this.#token = 1;
        return { nodes, ending: keyword };
      }
      nodes.push(this.#parseAction(keyword, segment.offset));
    }
    return { nodes, ending: 'eof' };
  }

  #parseAction(keyword: string, offset: number): Node {
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        this.#token += 1;
        return this.#parseControl(keyword);
      case 'break':
      case 'continue':
        if (this.#rangeDepth === 0) throw failure(`{{${keyword}}} outside {{range}}`);
        return { kind: keyword };
      case 'define':
      case 'template':
      case 'block':
        throw failure(`{{${keyword}}} is not supported`);
      default: {
        const pipeline = this.#parsePipeline('command');
        this.#expectEnd('command');
        return { kind: 'action', pipeline, offset };
      }
    }
  }

  #parseControl(kind: 'if' | 'with' | 'range'): Node {
    const outerVariables = [...this.#variables];
    const pipeline = this.#parsePipeline(kind);
    this.#expectEnd(kind);
    if (kind === 'range') this.#rangeDepth += 1;
    const { nodes: body, ending } = this.#parseList();
    if (kind === 'range') this.#rangeDepth -= 1;
    let otherwise: Node[] = [];
    if (ending === 'eof') throw failure('unexpected EOF');
    if (ending === 'else') otherwise = this.#parseElse(kind);
    else this.#expectEnd('end');
    this.#variables = outerVariables;
    return { kind, pipeline, body, otherwise };
  }

  #parseElse(kind: 'if' | 'with' | 'range'): Node[] {
    const next = this.#peek();
    if (next?.kind === 'word' && next.text === kind && kind !== 'range') {
      this.#token += 1;
      return [this.#parseControl(kind)];
    }
    this.#expectEnd('else');
    const { nodes, ending } = this.#parseList();
    if (ending !== 'end')
      throw failure(ending === 'eof' ? 'unexpected EOF' : `expected end; found {{${ending}}}`);
    this.#expectEnd('end');
    return nodes;
  }

  #parsePipeline(context: string): Pipeline {
    const offset = this.#peek()?.offset ?? 0;
    const { variables, assigns } = this.#parseVariables(context);
    const commands: Command[] = [];
    for (;;) {
      const operands: Operand[] = [];
      for (let token = this.#peek(); token !== undefined && !isEndOfCommand(token); token = this.#peek()) {
        operands.push(this.#parseOperand());
      }
      if (operands.length === 0) throw failure(`missing value for ${context}`);
      if (commands.length > 0 && !isCallable(operands[0])) {
        throw failure(`non executable command in pipeline stage ${commands.length + 1}`);
      }
      commands.push({ operands });
      if (this.#peek()?.text !== '|') break;
      this.#token += 1;
    }
    this.#variables.push(...(assigns ? [] : variables));
    return { variables, assigns, commands, offset };
  }

  #parseVariables(context: string): { variables: string[]; assigns: boolean } {
    const [first, second, third, fourth] = this.#tokens.slice(this.#token, this.#token + 4);
    if (first?.kind !== 'variable') return { variables: [], assigns: false };
    if (second?.text === ':=' || second?.text === '=') {
      this.#token += 2;
      if (second.text === '=') this.#checkVariable(first.text);
      return { variables: [first.text], assigns: second.text === '=' };
    }
    if (second?.text === ',' && third?.kind === 'variable' && context === 'range') {
      if (fourth?.text !== ':=' && fourth?.text !== '=') throw failure('range can only initialize variables');
      this.#token += 4;
      return { variables: [first.text, third.text], assigns: fourth.text === '=' };
    }
    return { variables: [], assigns: false };
  }

  #parseOperand(): Operand {
    const token = this.#take();
    const base = this.#parseTerm(token);
    const fields: string[] = token.kind === 'field' ? [token.text.slice(1)] : [];
    let text = token.text;
    for (let next = this.#peek(); next?.kind === 'field' && !next.space; next = this.#peek()) {
      fields.push(next.text.slice(1));
      text += next.text;
      this.#token += 1;
    }
    if (fields.length === 0) return base;
    if (base.kind === 'constant') throw failure(`unexpected . after term "${token.text}"`);
    return { kind: 'chain', base, fields, text, offset: token.offset };
  }

  #parseTerm(token: Token): Operand {
    switch (token.kind) {
      case 'field':
      case 'dot':
        return { kind: 'dot' };
      case 'variable':
        this.#checkVariable(token.text);
        return { kind: 'variable', name: token.text };
      case 'string':
      case 'char':
      case 'number':
        return { kind: 'constant', value: unquote(token) };
      case 'word':
        return this.#parseWord(token);
      case 'symbol':
        return this.#parseParenthesis(token);
      default:
        return token.kind satisfies never;
    }
  }

  #parseWord({ text, offset }: Token): Operand {
    if (text === 'true' || text === 'false') return { kind: 'constant', value: text === 'true' };
    if (text === 'nil') return { kind: 'nil' };
    if (!this.#isFunction(text)) throw failure(`function "${text}" not defined`);
    return { kind: 'function', name: text, offset };
  }

  #parseParenthesis(token: Token): Operand {
    if (token.text !== '(') throw failure(`unexpected "${token.text}" in operand`);
    const pipeline = this.#parsePipeline('parenthesized pipeline');
    if (this.#peek()?.text !== ')') throw failure('unclosed left paren');
    this.#token += 1;
    return { kind: 'pipeline', pipeline };
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw failure(`undefined variable "${name}"`);
  }

  #expectEnd(context: string): void {
    const token = this.#peek();
    if (token !== undefined) throw failure(`unexpected "${token.text}" in ${context}`);
  }

  #next(): Segment | undefined {
    return this.#segments[this.#segment++];
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#token];
  }

  #take(): Token {
    const token = this.#tokens[this.#token++];
    if (token === undefined) throw failure('unexpected end of action');
    return token;
  }
}

function isEndOfCommand(token: Token): boolean {
  return token.kind === 'symbol' && token.text !== '(';
}

function isCallable(operand: Operand | undefined): boolean {
  return operand?.kind === 'function' || operand?.kind === 'chain' || operand?.kind === 'pipeline';
}

function failure(message: string): TemplateError {
  return new TemplateError(`template: :1: ${message}`, true);
}
