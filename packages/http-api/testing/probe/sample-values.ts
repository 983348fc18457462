import type { DockerField, DockerOperation, DockerParameter } from './docker-operations.ts';

/** Parameters without which an operation is not looked at any further; several sets are tried one after the other. */
const needed: Readonly<Record<string, readonly string[]>> = {
  ContainerLogs: ['stdout=1'],
  ContainerAttach: ['stream=1&stdout=1'],
  ContainerStats: ['stream=0'],
  ImageCreate: ['fromImage=name', 'fromSrc=-'],
  ImageGetAll: ['names=name'],
  ImageTag: ['repo=name'],
  ContainerRename: ['name=name'],
  ImageCommit: ['container=name'],
};

const samples: Readonly<Record<string, readonly string[]>> = {
  platform: ['linux/amd64', '{"os":"linux","architecture":"amd64"}'],
  platforms: ['["{\\"os\\":\\"linux\\",\\"architecture\\":\\"amd64\\"}"]'],
  filters: ['{}'],
  fromSrc: ['-'],
  since: ['1'],
  until: ['2'],
  condition: ['next-exit'],
  signal: ['TERM'],
  detachKeys: ['a'],
  tail: ['1'],
  path: ['/etc'],
  type: ['container'],
  copyUIDGID: ['1'],
  noOverwriteDirNonDir: ['1'],
  ulimits: ['[]'],
  buildargs: ['{}'],
  labels: ['{}'],
  cachefrom: ['[]'],
};

/** The queries that an operation is asked with before a parameter is added. */
export function baselines(operation: DockerOperation): readonly string[] {
  const required = operation.parameters
    .filter((parameter) => parameter.required === true && parameter.in === 'query')
    .map((parameter) => `${parameter.name}=${encodeURIComponent(samplesOf(parameter)[0] ?? '')}`);
  return needed[operation.id] ?? [required.join('&')];
}

/** Values to try for a parameter: all that it may have when they are few. */
export function samplesOf({ name, type, values }: DockerParameter): readonly string[] {
  if (values !== undefined) return values.map(String);
  return samples[name] ?? [type === 'string' || type === 'array' ? 'name' : '1'];
}

/** Values to try for a field of a body, none of them the zero value. */
export function fieldSamples({ type, values }: DockerField): readonly unknown[] {
  if (values !== undefined) return values.filter((value) => value !== '');
  return [sampleOf(type)];
}

/** The body that an operation is asked with before a field is added; undefined when it takes no JSON. */
export function baselineBody(operation: DockerOperation): object | undefined {
  return operation.body.length === 0 ? undefined : { Image: 'name' };
}

/** A value that no field of the type may have. */
export function wrongValue(type: string): unknown {
  return type === 'integer' || type === 'number' || type === 'boolean' ? 'wrong' : 7;
}

/** The body that has `value` at the field's place and nothing else. */
export function bodyWith(name: string, value: unknown): unknown {
  const [, key = '', wrappers = '', rest] = /^([^.[{]+)((?:\[\]|\{\})*)(?:\.(.*))?$/.exec(name) ?? [];
  let inner = rest === undefined ? value : bodyWith(rest, value);
  for (const wrapper of wrappers.match(/\[\]|\{\}/g)?.reverse() ?? [])
    inner = wrapper === '[]' ? [inner] : { name: inner };
  return { [key]: inner };
}

function sampleOf(type: string): unknown {
  if (type.startsWith('list of '))
    return [sampleOf(type.slice('list of '.length)), sampleOf(type.slice('list of '.length))];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return true;
  return type === 'string' ? 'name' : { name: 'name' };
}
