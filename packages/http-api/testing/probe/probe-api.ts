import type { DockerField, DockerOperation, DockerParameter } from './docker-operations.ts';
import { dockerOperations } from './docker-operations.ts';
import type { Probed, ProbeServer } from './probe-server.ts';
import { baselineBody, baselines, bodyWith, fieldSamples, samplesOf, wrongValue } from './sample-values.ts';

/** What becomes of an operation, a parameter or a field. `ignored` is what nothing may be. */
export type Outcome =
  | { readonly kind: 'works' }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly message: string;
      readonly but?: readonly string[];
    }
  | { readonly kind: 'ignored' };

export interface ProbedOperation {
  readonly operation: DockerOperation;
  readonly outcome: Outcome;
  /** By name, those that are read and that Docker's file does not have last; empty for an operation that is refused as a whole. */
  readonly parameters: ReadonlyMap<string, Outcome>;
  readonly fields: ReadonlyMap<string, Outcome>;
}

/**
 * Asks the server for every operation of Docker's, with every parameter and every field of a body, and says what happened: a
 * parameter works when it was read and not refused, a field when a wrong type is refused and a right one is not.
 */
export async function probeApi(server: ProbeServer): Promise<ProbedOperation[]> {
  const all: ProbedOperation[] = [];
  for (const operation of dockerOperations) all.push(await probeOperation(server, operation));
  return all;
}

async function probeOperation(server: ProbeServer, operation: DockerOperation): Promise<ProbedOperation> {
  const ask = asker(server, operation);
  const plain = await askAll(ask, baselines(operation));
  const outcome = outcomeOf(operation, plain);
  const parameters = new Map<string, Outcome>();
  const fields = new Map<string, Outcome>();
  const read = new Set(plain.flatMap((probed) => [...probed.read]));
  if (outcome.kind !== 'works') return { operation, outcome, parameters, fields };
  for (const parameter of operation.parameters) {
    parameters.set(parameter.name, await probeParameter(ask, operation, parameter, read));
  }
  for (const field of operation.body.filter(isLeaf))
    fields.set(field.name, await probeField(ask, operation, field));
  for (const name of [...read].sort()) {
    if (
      transport.has(name) ||
      operation.parameters.some((one) => one.name.toLowerCase() === name.toLowerCase())
    )
      continue;
    const parameter = { name, in: 'query', type: 'string' };
    parameters.set(name, await probeParameter(ask, operation, parameter, new Set()));
  }
  return { operation, outcome, parameters, fields };
}

/** Objects are looked at by their fields. */
function isLeaf({ name }: DockerField, _index: number, all: readonly DockerField[]): boolean {
  return !all.some(
    (other) => /^(?:\[\]|\{\})*\./.test(other.name.slice(name.length)) && other.name.startsWith(name),
  );
}

/** Headers of HTTP itself. */
const transport: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'referer',
  'sec-fetch-site',
  'sec-fetch-mode',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

type Ask = (query: string, body?: unknown, headers?: Record<string, string>) => Promise<Probed>;

function asker(server: ProbeServer, operation: DockerOperation): Ask {
  const { method, path } = operation;
  const target = path.replaceAll(/\{\w+\}/g, 'name');
  return async (query, body = baselineBody(operation), headers = {}) =>
    server.ask(method, query === '' ? target : `${target}?${query}`, { body, headers });
}

async function askAll(ask: Ask, queries: readonly string[]): Promise<Probed[]> {
  const answers: Probed[] = [];
  for (const query of queries) answers.push(await ask(query));
  return answers;
}

const refusals: ReadonlySet<number> = new Set([400, 501, 503]);

/** An operation is refused when it is answered so whatever it is asked with. */
function outcomeOf({ id }: DockerOperation, answers: readonly Probed[]): Outcome {
  const [first] = answers;
  if (first === undefined) throw new Error(`no way to ask for ${id}`);
  const { status, message } = first;
  if (status === 404 && message === 'page not found') return { kind: 'ignored' };
  const refuses = status === 404 || status === 501 || status === 503;
  return refuses && answers.every((answer) => answer.status === status)
    ? { kind: 'refused', status, message }
    : { kind: 'works' };
}

async function probeParameter(
  ask: Ask,
  operation: DockerOperation,
  parameter: DockerParameter,
  read: Set<string>,
): Promise<Outcome> {
  const { name } = parameter;
  const refused: Probed[] = [];
  const passed: string[] = [];
  let wasRead = false;
  for (const sample of samplesOf(parameter)) {
    const answers = await withSample(ask, operation, parameter, sample);
    for (const probed of answers) for (const one of probed.read) read.add(one);
    wasRead ||= answers.some((probed) =>
      probed.read.has(parameter.in === 'header' ? name.toLowerCase() : name),
    );
    const refusal = answers.find((probed) => refusals.has(probed.status));
    if (refusal === undefined) passed.push(sample);
    else refused.push(refusal);
  }
  return summed(refused, passed, wasRead);
}

async function withSample(
  ask: Ask,
  operation: DockerOperation,
  parameter: DockerParameter,
  sample: string,
): Promise<Probed[]> {
  if (parameter.in === 'header')
    return [await ask(baselines(operation)[0] ?? '', undefined, { [parameter.name]: 'e30=' })];
  const own = `${parameter.name}=${encodeURIComponent(sample)}`;
  const others = baselines(operation).map((query) =>
    query.split('&').filter((part) => part !== '' && !part.startsWith(`${parameter.name}=`)),
  );
  return askAll(
    ask,
    others.map((parts) => [own, ...parts].join('&')),
  );
}

async function probeField(ask: Ask, operation: DockerOperation, field: DockerField): Promise<Outcome> {
  const query = baselines(operation)[0] ?? '';
  const body = (value: unknown): unknown => ({ Image: 'name', ...(bodyWith(field.name, value) as object) });
  const wrong = await ask(query, body(wrongValue(field.type)));
  const leaf = /([^.[{]+)(?:\[\]|\{\})*$/.exec(field.name)?.[1] ?? '';
  const isKnown =
    wrong.status === 501 || (wrong.message.startsWith('invalid JSON: ') && wrong.message.includes(leaf));
  const refused: Probed[] = [];
  const passed: string[] = [];
  for (const sample of fieldSamples(field)) {
    const answer = await ask(query, body(sample));
    if (isRefusal(answer)) refused.push(answer);
    else passed.push(String(sample));
  }
  return summed(refused, passed, isKnown);
}

/** A value that breaks a rule of its field is no refusal of the field. */
function isRefusal({ status, message }: Probed): boolean {
  return refusals.has(status) && (status !== 400 || message.includes('does not support'));
}

/** A malformed sample is a refusal only when no other one passes. */
function summed(answers: readonly Probed[], passed: readonly string[], isKnown: boolean): Outcome {
  const refused = passed.length > 0 ? answers.filter(({ status }) => status !== 400) : answers;
  const [first] = refused;
  if (first !== undefined) {
    const but = passed.length > 0 ? { but: passed } : {};
    return { kind: 'refused', status: first.status, message: first.message, ...but };
  }
  return isKnown ? { kind: 'works' } : { kind: 'ignored' };
}
