import { TemplateError } from '../errors.ts';
import type { TemplateFunction } from './functions.ts';
import type { Command, ControlNode, Node, Operand, Pipeline } from './syntax.ts';
import {
  compareText,
  isRecord,
  isTrue,
  type MapMarker,
  printRawValue,
  printValue,
  type Value,
} from './values.ts';

export interface Environment {
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly marker: MapMarker;
  /** What fields belong to, in errors: `type container`. */
  readonly typeName: string;
}

/** Runs parsed nodes on `data`. Throws `TemplateError`. */
export function evaluate(nodes: readonly Node[], data: Value, environment: Environment): string {
  const evaluation = new Evaluation(environment, data);
  return evaluation.run(nodes, data);
}

interface Variable {
  readonly name: string;
  value: Value;
  isMap: boolean;
}

/** A value, and whether an object is a map (its keys are data) or a struct. */
interface Result {
  value: Value;
  isMap: boolean;
  /** Came out of a function, which Docker runs on the decoded JSON. */
  isRaw?: boolean;
}

class Jump {
  readonly kind: 'break' | 'continue';
  constructor(kind: 'break' | 'continue') {
    this.kind = kind;
  }
}

class Evaluation {
  readonly #environment: Environment;
  readonly #variables: Variable[];
  #output = '';

  constructor(environment: Environment, data: Value) {
    this.#environment = environment;
    this.#variables = [{ name: '$', value: data, isMap: false }];
  }

  run(nodes: readonly Node[], dot: Value): string {
    this.#walk(nodes, { value: dot, isMap: false });
    return this.#output;
  }

  #walk(nodes: readonly Node[], dot: Result): void {
    const depth = this.#variables.length;
    for (const node of nodes) this.#step(node, dot);
    this.#variables.length = depth;
  }

  #step(node: Node, dot: Result): void {
    if (node.kind === 'text') this.#output += node.text;
    else if (node.kind === 'action') {
      const result = this.#pipeline(node.pipeline, dot);
      if (node.pipeline.variables.length === 0) {
        this.#output += result.isRaw
          ? printRawValue(result.value)
          : printValue(result.value, result.isMap, this.#environment.marker);
      }
    } else if (node.kind === 'break' || node.kind === 'continue') throw new Jump(node.kind);
    else if (node.kind === 'range') this.#range(node, dot);
    else {
      const depth = this.#variables.length;
      const result = this.#pipeline(node.pipeline, dot);
      const isWith = node.kind === 'with';
      if (isTrue(result.value)) this.#walk(node.body, isWith ? result : dot);
      else this.#walk(node.otherwise, dot);
      this.#variables.length = depth;
    }
  }

  #range(node: ControlNode, dot: Result): void {
    const depth = this.#variables.length;
    const { variables, assigns } = node.pipeline;
    const { value } = this.#pipeline({ ...node.pipeline, variables: [] }, dot);
    const entries = entriesOf(value);
    if (entries === undefined)
      throw this.#failure(node.pipeline.offset, '', `range can't iterate over ${String(value)}`);
    if (entries.length === 0) this.#walk(node.otherwise, dot);
    for (const [key, item] of entries) {
      const bound = variables.length === 2 ? [key, item] : [item];
      variables.forEach((name, index) => this.#bind(name, { value: bound[index], isMap: false }, assigns));
      try {
        this.#walk(node.body, { value: item, isMap: false });
      } catch (jump) {
        if (!(jump instanceof Jump)) throw jump;
        if (jump.kind === 'break') break;
      } finally {
        this.#variables.length = depth;
      }
    }
  }

  #pipeline(pipeline: Pipeline, dot: Result): Result {
    let result: Result | undefined;
    for (const command of pipeline.commands) result = this.#command(command, dot, result);
    const final = result ?? { value: undefined, isMap: false };
    for (const name of pipeline.variables) this.#bind(name, final, pipeline.assigns);
    return final;
  }

  #bind(name: string, result: Result, assigns: boolean): void {
    const known = assigns ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (known) Object.assign(known, result);
    else this.#variables.push({ name, ...result });
  }

  #command({ operands }: Command, dot: Result, piped: Result | undefined): Result {
    const [first, ...rest] = operands;
    if (first === undefined) return { value: undefined, isMap: false };
    const tail = piped === undefined ? [] : [piped.value];
    if (first.kind === 'function') return this.#call(first, rest, { dot, tail });
    const isMethod = first.kind === 'chain';
    if (!isMethod && rest.length + tail.length > 0) {
      throw new TemplateError(`template: :1: can't give argument to non-function ${describe(first)}`, false);
    }
    const values = isMethod ? [...rest.map((operand) => this.#operand(operand, dot).value), ...tail] : [];
    return this.#operand(first, dot, values);
  }

  #call(
    first: Extract<Operand, { kind: 'function' }>,
    rest: readonly Operand[],
    { dot, tail }: { dot: Result; tail: Value[] },
  ): Result {
    if (first.name === 'and' || first.name === 'or')
      return this.#shortCircuit(first.name, rest, { dot, tail });
    const values = [...rest.map((operand) => this.#operand(operand, dot).value), ...tail];
    try {
      return { value: this.#environment.functions.get(first.name)?.(...values), isMap: false, isRaw: true };
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw this.#failure(
        first.offset,
        first.name,
        `error calling ${first.name}: ${(error as Error).message}`,
      );
    }
  }

  #shortCircuit(
    name: 'and' | 'or',
    rest: readonly Operand[],
    { dot, tail }: { dot: Result; tail: Value[] },
  ): Result {
    let result: Result = { value: tail[0], isMap: false };
    for (const operand of rest) {
      result = this.#operand(operand, dot);
      if (isTrue(result.value) === (name === 'or')) return result;
    }
    return tail.length > 0 ? { value: tail[0], isMap: false } : result;
  }

  #operand(operand: Operand, dot: Result, methodValues: readonly Value[] = []): Result {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return { value: null, isMap: false };
      case 'constant':
        return { value: operand.value, isMap: false };
      case 'variable':
        return this.#variables.findLast((variable) => variable.name === operand.name) ?? dot;
      case 'pipeline':
        return this.#pipeline(operand.pipeline, dot);
      case 'function':
        return this.#call(operand, [], { dot, tail: [] });
      case 'chain':
        return this.#chain(operand, dot, methodValues);
      default:
        return operand satisfies never;
    }
  }

  #chain(chain: Extract<Operand, { kind: 'chain' }>, dot: Result, methodValues: readonly Value[]): Result {
    let result = this.#operand(chain.base, dot);
    chain.fields.forEach((name, index) => {
      const values = index === chain.fields.length - 1 ? methodValues : [];
      result = this.#field(result, name, { chain, values });
    });
    return result;
  }

  #field(
    { value, isMap }: Result,
    name: string,
    { chain, values }: { chain: Extract<Operand, { kind: 'chain' }>; values: readonly Value[] },
  ): Result {
    const { marker, typeName } = this.#environment;
    if (value === null || value === undefined) {
      throw this.#failure(chain.offset, chain.text, `nil pointer evaluating interface {}.${name}`);
    }
    if (!isRecord(value)) {
      throw this.#failure(
        chain.offset,
        chain.text,
        `can't evaluate field ${name} in type ${nameOfType(value)}`,
      );
    }
    const found: Value = Object.hasOwn(value, name) ? value[name] : undefined;
    if (typeof found === 'function') {
      return { value: (found as TemplateFunction)(...values), isMap: marker.mapFields.has(name) };
    }
    if (values.length > 0) {
      throw this.#failure(
        chain.offset,
        chain.text,
        `${name} has arguments but cannot be invoked as function`,
      );
    }
    if (found === undefined && !isMap && !marker.optionalFields.has(name)) {
      const reason =
        typeName === ''
          ? `map has no entry for key "${name}"`
          : `can't evaluate field ${name} in type ${typeName}`;
      throw this.#failure(chain.offset, chain.text, reason);
    }
    return { value: found, isMap: marker.mapFields.has(name) };
  }

  #failure(offset: number, text: string, message: string): TemplateError {
    return new TemplateError(`template: :1:${offset}: executing "" at <${text}>: ${message}`, false);
  }
}

function entriesOf(value: Value): [Value, Value][] | undefined {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((item, index) => [index, item as Value]);
  if (typeof value === 'number')
    return Array.from({ length: Math.max(0, value) }, (_, index) => [index, index]);
  if (!isRecord(value)) return undefined;
  return Object.keys(value)
    .sort(compareText)
    .map((key) => [key, value[key]]);
}

function nameOfType(value: Value): string {
  if (Array.isArray(value)) return '[]interface {}';
  return typeof value === 'number' ? 'int' : typeof value === 'boolean' ? 'bool' : typeof value;
}

function describe(operand: Operand): string {
  if (operand.kind === 'constant')
    return typeof operand.value === 'string' ? `"${operand.value}"` : String(operand.value);
  if (operand.kind === 'variable') return operand.name;
  return operand.kind === 'dot' ? '.' : operand.kind;
}
