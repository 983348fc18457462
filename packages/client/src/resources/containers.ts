import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspectResponse,
  ContainerSummary,
  ContainerTopResponse,
  ContainerWaitResponse,
  Filters,
} from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import type { HijackedStream } from '../hijacked-stream.ts';
import { formatFilters } from '../query.ts';
import { on } from './container-path.ts';

export interface ContainerListQuery {
  all?: boolean;
  limit?: number;
  size?: boolean;
  filters?: Filters;
  signal?: AbortSignal;
}

/** `GET /containers/json`. */
export function listContainers(
  client: ApiClient,
  query: ContainerListQuery = {},
): Promise<ContainerSummary[]> {
  return client.json({
    method: 'GET',
    path: '/containers/json',
    query: {
      all: query.all || undefined,
      limit: query.limit,
      size: query.size || undefined,
      filters: formatFilters(query.filters),
    },
    signal: query.signal,
  });
}

/** `POST /containers/create`. Rejects with 404 when the image is missing, 409 when the name is taken. */
export function createContainer(
  client: ApiClient,
  request: ContainerCreateRequest,
  options: { name?: string | undefined; platform?: string | undefined; signal?: AbortSignal } = {},
): Promise<ContainerCreateResponse> {
  return client.json({
    method: 'POST',
    path: '/containers/create',
    query: { name: options.name, platform: options.platform },
    json: request,
    signal: options.signal,
  });
}

export function inspectContainer(
  client: ApiClient,
  ref: string,
  options: { size?: boolean; signal?: AbortSignal } = {},
): Promise<ContainerInspectResponse> {
  return client.json({
    ...on(ref, 'GET', '/json'),
    query: { size: options.size || undefined },
    signal: options.signal,
  });
}

/** Starting a running container succeeds too. */
export function startContainer(
  client: ApiClient,
  ref: string,
  options: {
    detachKeys?: string | undefined;
    checkpoint?: string | undefined;
    checkpointDir?: string | undefined;
  } = {},
): Promise<void> {
  const { detachKeys, checkpoint, checkpointDir } = options;
  return client.send({
    ...on(ref, 'POST', '/start'),
    query: { detachKeys, checkpoint, 'checkpoint-dir': checkpointDir },
  });
}

/** How to end a container. `timeoutSeconds` -1 waits for ever; missing means the container's own setting. */
export interface StopQuery {
  signal?: string | undefined;
  timeoutSeconds?: number | undefined;
}

/** Stopping a stopped container succeeds too. */
export function stopContainer(client: ApiClient, ref: string, query: StopQuery = {}): Promise<void> {
  return client.send({
    ...on(ref, 'POST', '/stop'),
    query: { signal: query.signal, t: query.timeoutSeconds },
  });
}

export function restartContainer(client: ApiClient, ref: string, query: StopQuery = {}): Promise<void> {
  return client.send({
    ...on(ref, 'POST', '/restart'),
    query: { signal: query.signal, t: query.timeoutSeconds },
  });
}

export function killContainer(client: ApiClient, ref: string, signal?: string): Promise<void> {
  return client.send({ ...on(ref, 'POST', '/kill'), query: { signal } });
}

export function pauseContainer(client: ApiClient, ref: string): Promise<void> {
  return client.send(on(ref, 'POST', '/pause'));
}

export function unpauseContainer(client: ApiClient, ref: string): Promise<void> {
  return client.send(on(ref, 'POST', '/unpause'));
}

export function renameContainer(client: ApiClient, ref: string, name: string): Promise<void> {
  return client.send({ ...on(ref, 'POST', '/rename'), query: { name } });
}

/** With `link`, `ref` names a link: `web/db`. */
export function removeContainer(
  client: ApiClient,
  ref: string,
  options: { force?: boolean; volumes?: boolean; link?: boolean } = {},
): Promise<void> {
  const { force, volumes, link } = options;
  const path = `/containers/${ref.split('/').map(encodeURIComponent).join('/')}`;
  return client.send({
    method: 'DELETE',
    path,
    query: { force: force || undefined, v: volumes || undefined, link: link || undefined },
  });
}

/** `psArguments` as one string, as `ps` takes them; `-ef` when missing. */
export function topContainer(
  client: ApiClient,
  ref: string,
  psArguments?: string,
): Promise<ContainerTopResponse> {
  return client.json({ ...on(ref, 'GET', '/top'), query: { ps_args: psArguments } });
}

export function resizeContainer(
  client: ApiClient,
  ref: string,
  rows: number,
  columns: number,
): Promise<void> {
  return client.send({ ...on(ref, 'POST', '/resize'), query: { h: rows, w: columns } });
}

/**
 * Resolves when the engine has registered the wait (so an exit after that is not missed); `result` resolves at the
 * condition.
 */
export async function waitContainer(
  client: ApiClient,
  ref: string,
  options: { condition?: 'not-running' | 'next-exit' | 'removed'; signal?: AbortSignal } = {},
): Promise<{ result: Promise<ContainerWaitResponse> }> {
  const response = await client.request({
    ...on(ref, 'POST', '/wait'),
    query: { condition: options.condition },
    signal: options.signal,
  });
  const result = readJson<ContainerWaitResponse>(response.body);
  result.catch(() => {});
  return { result };
}

export interface AttachQuery {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  logs?: boolean;
  detachKeys?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Output comes multiplexed unless the container has a terminal. The caller closes the stream. */
export function attachContainer(client: ApiClient, ref: string, query: AttachQuery): Promise<HijackedStream> {
  return client.hijack({
    ...on(ref, 'POST', '/attach'),
    query: {
      stream: true,
      stdin: query.stdin || undefined,
      stdout: query.stdout || undefined,
      stderr: query.stderr || undefined,
      logs: query.logs || undefined,
      detachKeys: query.detachKeys,
    },
    headers: { 'Content-Type': 'text/plain' },
    signal: query.signal,
  });
}

export interface LogQuery {
  stdout: boolean;
  stderr: boolean;
  follow?: boolean;
  timestamps?: boolean;
  details?: boolean;
  /** Unix seconds, with a fraction of up to nine digits if wanted. */
  since?: string | undefined;
  until?: string | undefined;
  /** A number of lines, or `all`. */
  tail?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The log's bytes: multiplexed unless the container has a terminal. */
export async function containerLogs(
  client: ApiClient,
  ref: string,
  query: LogQuery,
): Promise<AsyncIterable<Buffer>> {
  const { signal, ...rest } = query;
  const flags = ['stdout', 'stderr', 'follow', 'timestamps', 'details'] as const;
  const switches = Object.fromEntries(flags.map((name) => [name, rest[name] || undefined]));
  const { since, until, tail } = rest;
  const response = await client.request({
    ...on(ref, 'GET', '/logs'),
    query: { ...switches, since, until, tail },
    signal,
  });
  return response.body;
}

async function readJson<T>(body: AsyncIterable<Uint8Array>): Promise<T> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
}
