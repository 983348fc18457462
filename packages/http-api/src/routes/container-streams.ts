import type { AttachOptions, LogOptions } from '@gantry/api-types';
import { errorMessage } from '@gantry/base';
import type { ContainerBackend, OutputFrame } from '../backends/container-backend.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { beginStream } from '../server/respond.ts';
import { writeFrames } from '../wire/frame-writer.ts';
import { serveSession } from '../wire/hijack.ts';
import { streamMediaType } from '../wire/media-type.ts';
import { serveWebSocket } from '../wire/websocket/serve-websocket.ts';
import type { Route } from './route.ts';

/** What containers print and read. */
export function containerStreamRoutes(containers: ContainerBackend): Route[] {
  return [
    { method: 'GET', path: '/containers/:id/logs', handle: (exchange) => logs(containers, exchange) },
    {
      method: 'POST',
      path: '/containers/:id/attach',
      hijacks: true,
      handle: (exchange) => attach(containers, exchange),
    },
    {
      method: 'GET',
      path: '/containers/:id/attach/ws',
      hijacks: true,
      handle: (exchange) => attachWebSocket(containers, exchange),
    },
  ];
}

async function logs(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const { terminal, frames } = await containers.logs(exchange.reference('id'), logOptions(exchange));
  beginStream(exchange, streamMediaType(terminal, exchange.version));
  try {
    await writeFrames(exchange.response, frames, { multiplexed: !terminal });
  } catch (error) {
    if (exchange.aborted) return;
    exchange.logger.warn('logs failed', { error });
    await writeFrames(exchange.response, failure(error, terminal), { multiplexed: !terminal });
  } finally {
    exchange.response.end();
  }
}

async function* failure(error: unknown, terminal: boolean): AsyncGenerator<OutputFrame> {
  const data = Buffer.from(`Error grabbing logs: ${errorMessage(error)}\n`);
  yield { stream: terminal ? 'stdout' : 'system', data };
}

function logOptions({ query, signal }: Exchange): LogOptions {
  const stdout = query.flag('stdout');
  const stderr = query.flag('stderr');
  if (!stdout && !stderr) {
    throw new InvalidRequestError('Bad parameters: you must choose at least one stream', {
      code: 'no-stream',
    });
  }
  const sinceNs = query.timestampNs('since');
  const untilNs = query.timestampNs('until');
  const tail = tailOf(query.text('tail'));
  return {
    stdout,
    stderr,
    follow: query.flag('follow'),
    timestamps: query.flag('timestamps'),
    details: query.flag('details'),
    signal,
    ...(sinceNs === undefined ? {} : { sinceNs }),
    // Docker takes 0 for "no end".
    ...(untilNs === undefined || untilNs === 0n ? {} : { untilNs }),
    ...(tail === undefined ? {} : { tail }),
  };
}

/** Whatever is not a number means all, as in Docker; so does a negative one. */
function tailOf(text: string): number | undefined {
  const lines = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  return lines < 0 ? undefined : lines;
}

async function attach(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  await serveSession(exchange, await containers.attach(exchange.reference('id'), attachOptions(exchange)));
}

/** Until API 1.42 all streams of a WebSocket were attached, whatever the query said. */
async function attachWebSocket(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const asked = attachOptions(exchange);
  const all = exchange.version < webSocketStreamsSince ? { stdin: true, stdout: true, stderr: true } : {};
  await serveWebSocket(exchange, await containers.attach(exchange.reference('id'), { ...asked, ...all }));
}

const webSocketStreamsSince = 1042;

function attachOptions({ query, signal }: Exchange): AttachOptions {
  const detachKeys = query.text('detachKeys');
  return {
    stdin: query.flag('stdin'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    stream: query.flag('stream'),
    logs: query.flag('logs'),
    signal,
    ...(detachKeys === '' ? {} : { detachKeys }),
  };
}
