import type { ContainerBackend, StopOptions } from '../backends/container-backend.ts';
import { InvalidRequestError, NotBuiltError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendEmpty } from '../server/respond.ts';
import { announcesBody } from '../wire/body.ts';
import { consoleSizeOf } from '../wire/console-size.ts';
import { waitForContainer } from './container-wait.ts';
import type { Route } from './route.ts';

/** Containers as processes: start, stop, signal, freeze, wait. */
export function containerLifecycleRoutes(containers: ContainerBackend): Route[] {
  const post = (path: string, handle: Route['handle']): Route => ({ method: 'POST', path, handle });
  /** An operation that answers 204. */
  const action = (verb: string, run: (exchange: Exchange, id: string) => Promise<void>): Route =>
    post(`/containers/:id/${verb}`, async (exchange) => {
      await run(exchange, exchange.reference('id'));
      sendEmpty(exchange, 204);
    });
  return [
    action('start', (exchange, id) => start(containers, exchange, id)),
    action('stop', (exchange, id) => containers.stop(id, stopOptions(exchange))),
    action('restart', (exchange, id) => containers.restart(id, stopOptions(exchange))),
    action('kill', (exchange, id) => containers.kill(id, exchange.query.text('signal') || 'KILL')),
    action('pause', (_exchange, id) => containers.pause(id)),
    action('unpause', (_exchange, id) => containers.unpause(id)),
    post('/containers/:id/resize', async (exchange) => {
      await containers.resize(exchange.reference('id'), consoleSizeOf(exchange.query));
      sendEmpty(exchange, 200);
    }),
    post('/containers/:id/wait', (exchange) => waitForContainer(containers, exchange)),
  ];
}

async function start(containers: ContainerBackend, exchange: Exchange, id: string): Promise<void> {
  if (announcesBody(exchange)) {
    throw new InvalidRequestError(
      'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
    );
  }
  if (exchange.query.text('checkpoint') !== '')
    throw new NotBuiltError("starting from a checkpoint ('checkpoint')");
  await containers.start(id);
}

function stopOptions({ query }: Exchange): StopOptions {
  const signal = query.text('signal');
  const timeoutSeconds = query.integer('t');
  return {
    ...(signal === '' ? {} : { signal }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}
