import type { ExecBackend } from '../backends/exec-backend.ts';
import { execCreateBody, execStartBody } from '../bodies/exec.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendEmpty, sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import { consoleSizeOf, consoleSizeOfBody } from '../wire/console-size.ts';
import { serveSession } from '../wire/hijack.ts';
import type { Route } from './route.ts';

/** The API before this ignored the body's console size. */
const consoleSizeSince = 1042;

/** Commands run in a container that is there already. */
export function execRoutes(execs: ExecBackend): Route[] {
  return [
    { method: 'POST', path: '/containers/:id/exec', handle: (exchange) => create(execs, exchange) },
    { method: 'POST', path: '/exec/:id/start', hijacks: true, handle: (exchange) => start(execs, exchange) },
    {
      method: 'POST',
      path: '/exec/:id/resize',
      handle: async (exchange) => {
        await execs.resize(exchange.reference('id'), consoleSizeOf(exchange.query));
        sendEmpty(exchange, 200);
      },
    },
    {
      method: 'GET',
      path: '/exec/:id/json',
      handle: async (exchange) => sendJson(exchange, 200, await execs.inspect(exchange.reference('id'))),
    },
  ];
}

async function create(execs: ExecBackend, exchange: Exchange): Promise<void> {
  const container = exchange.reference('id');
  const request = (await readJsonBody(exchange, execCreateBody)) ?? {};
  if ((request.Cmd ?? []).length === 0) throw new InvalidRequestError('No exec command specified');
  if (exchange.version < consoleSizeSince) delete request.ConsoleSize;
  sendJson(exchange, 201, { Id: await execs.create(container, request) });
}

async function start(execs: ExecBackend, exchange: Exchange): Promise<void> {
  const id = exchange.reference('id');
  const request = (await readJsonBody(exchange, execStartBody)) ?? {};
  if (request.Detach === true) {
    await execs.startDetached(id);
    sendEmpty(exchange, 200);
    return;
  }
  const size = exchange.version < consoleSizeSince ? undefined : consoleSizeOfBody(request.ConsoleSize);
  const session = await execs.start(id, {
    terminal: request.Tty ?? false,
    signal: exchange.signal,
    ...(size === undefined ? {} : { size }),
  });
  await serveSession(exchange, session);
}
