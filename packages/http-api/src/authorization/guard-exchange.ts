import { TLSSocket } from 'node:tls';
import type { Route } from '../routes/route.ts';
import type { Exchange } from '../server/exchange.ts';
import { bufferBody } from '../wire/body.ts';
import { parseJson } from '../wire/json.ts';
import { holdResponse } from './hold-response.ts';
import type { GuardedRequest, RequestGuard } from './request-guard.ts';

/** Credentials are for a registry alone; Docker leaves them out too. */
const secretHeaders: ReadonlySet<string> = new Set(['x-registry-auth', 'x-registry-config', 'authorization']);

/**
 * Asks the guard for leave, and has it asked again before the answer goes out. The whole body is read first, whatever the
 * client says of its length or type; one that is larger than any route takes is refused, never passed by (CVE-2024-41110).
 * Throws what the guard throws, and the errors of an unsound body.
 */
export async function guardExchange(guard: RequestGuard, exchange: Exchange, route: Route): Promise<void> {
  const { request } = exchange;
  const guarded: GuardedRequest = {
    method: exchange.method,
    uri: request.url ?? '/',
    headers: plainHeaders(exchange),
    body: route.streamsBody === true ? new Uint8Array() : await parsedBody(exchange),
    ...clientOf(exchange),
  };
  await guard.request(guarded);
  holdResponse(exchange, (response) => guard.response(guarded, response));
}

async function parsedBody(exchange: Exchange): Promise<Uint8Array> {
  const body = await bufferBody(exchange);
  if (body.length === 0) return body;
  return Buffer.from(JSON.stringify(parseJson(body)));
}

function plainHeaders({ request }: Exchange): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name, value]) => value !== undefined && !secretHeaders.has(name))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}

function clientOf({ socket }: Exchange): Pick<GuardedRequest, 'user' | 'peerCertificates'> {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return { user: '', peerCertificates: [] };
  const user = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
  return { user, peerCertificates: [certificate.toString()] };
}
