import { drained } from '@gantry/http-server';
import type { ArrivingBlob } from '../cache/pull-through.ts';
import { ClientGoneError } from './errors.ts';
import type { RegistryExchange } from './registry-exchange.ts';
import { sendHead } from './respond.ts';

/**
 * Passes a blob on while it comes from another registry. It is sent whole, whatever range was asked for: the end of it may
 * not be there yet. When it turns out wrong the connection breaks before its last byte.
 */
export async function sendArriving(
  exchange: RegistryExchange,
  { repository, digest, arriving }: { repository: string; digest: string; arriving: ArrivingBlob },
): Promise<void> {
  const { response, services, signal } = exchange;
  const { sizeBytes } = arriving;
  sendHead(exchange, 200, {
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': digest,
    'Content-Length': sizeBytes,
  });
  if (exchange.method === 'HEAD') {
    response.end();
    return;
  }
  for await (const chunk of arriving.read(signal)) {
    if (response.destroyed) throw new ClientGoneError();
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
  services.events.publish(exchange.event({ action: 'pull', repository, digest, sizeBytes }));
}
