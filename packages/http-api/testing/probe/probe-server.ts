import { mkdtemp, rm } from 'node:fs/promises';
import { IncomingMessage, Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger, systemClock } from '@gantry/base';
import {
  type ApiServerOptions,
  type AttachSession,
  type ContainerBackend,
  createApiServer,
} from '../../src/index.ts';
import { Query } from '../../src/wire/query.ts';
import { send, type TestRequest, type TestResponse } from '../test-client.ts';
import { stub, stubPort } from './stub.ts';

/** What one request did. */
export interface Probed {
  readonly status: number;
  /** The error's message; empty for an answer that is none. */
  readonly message: string;
  /** Names of the query parameters and headers (in small letters) that were looked at. */
  readonly read: ReadonlySet<string>;
}

export interface ProbeServer extends AsyncDisposable {
  readonly socketPath: string;
  /** One request at a time: what is read meanwhile is written down. */
  ask(method: string, target: string, request?: TestRequest): Promise<Probed>;
}

export interface ProbeOptions {
  /** Refuses what the engine refuses of a create request, by throwing. */
  readonly checkCreate: (request: Parameters<ContainerBackend['create']>[0]) => void;
}

/**
 * The real API server, its routes and decoders, with stubs behind it: whatever is not refused on the way is accepted. The
 * process's `Query` and HTTP servers are listened to from now on.
 */
export async function startProbeServer({ checkCreate }: ProbeOptions): Promise<ProbeServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gantry-probe-'));
  const socketPath = path.join(directory, 'api.sock');
  const containers = stubPort<ContainerBackend>({
    ...runningContainer,
    create: async (request) => {
      checkCreate(request);
      return { Id: 'a'.repeat(64), Warnings: [] };
    },
  });
  const server = createApiServer({
    ...everyPort(),
    containers,
    logger: silentLogger,
    clock: systemClock,
    version: 'probe',
  });
  await server.listen({ kind: 'unix', path: socketPath });
  let read = new Set<string>();
  listen((name) => void read.add(name));
  return {
    socketPath,
    ask: async (method, target, request) => {
      read = new Set();
      const response = await send(socketPath, method, target, request);
      return { status: response.status, message: messageOf(response), read };
    },
    [Symbol.asyncDispose]: async () => {
      await server.close({ timeoutMs: 100 });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** One that runs and says nothing, so that clients go all their way. */
const runningContainer: Partial<ContainerBackend> = {
  list: async () => [{ Id: 'a'.repeat(64), Names: ['/name'] }],
  inspect: async () => ({ Id: 'a'.repeat(64), Config: { OpenStdin: true }, State: { Running: true } }),
  top: async () => ({ Titles: ['PID'], Processes: [['1']] }),
  wait: async () => ({ result: Promise.resolve({ StatusCode: 0 }) }),
  attach: async () => endedSession,
};

const endedSession: AttachSession = { terminal: false, output: stub(), close: () => {} };

const historyItem = { Id: '<missing>', Created: 0, CreatedBy: '', Tags: [], Size: 0, Comment: '' };

/** Stubs for ports by name, also for those that this file does not know. */
function everyPort(): ApiServerOptions {
  const names = 'containers execs files images system networks volumes disk registries';
  return Object.fromEntries(
    names.split(' ').map((name) => [
      name,
      stubPort({
        list: async () => [],
        search: async () => [],
        history: async () => [historyItem],
      }),
    ]),
  ) as never;
}

function listen(onRead: (name: string) => void): void {
  for (const method of ['has', 'text', 'all', 'flag'] as const) {
    const original = Query.prototype[method] as (...given: unknown[]) => unknown;
    Query.prototype[method] = function recorded(this: Query, name: string, ...rest: unknown[]) {
      onRead(name);
      return original.call(this, name, ...rest);
    } as never;
  }
  const emit = Reflect.get(Server.prototype, 'emit') as (this: Server, ...given: unknown[]) => boolean;
  Server.prototype.emit = function heard(this: Server, ...given: unknown[]): boolean {
    if (given[1] instanceof IncomingMessage) listenToHeaders(given[1], onRead);
    return emit.apply(this, given);
  };
}

function listenToHeaders(request: IncomingMessage, onRead: (name: string) => void): void {
  const get = (target: object, name: string | symbol): unknown => {
    onRead(String(name));
    return Reflect.get(target, name);
  };
  Object.defineProperty(request, 'headers', { value: new Proxy(request.headers, { get }) });
}

function messageOf({ status, text }: TestResponse): string {
  if (status < 400) return '';
  try {
    return (JSON.parse(text) as { message: string }).message;
  } catch {
    return text;
  }
}
