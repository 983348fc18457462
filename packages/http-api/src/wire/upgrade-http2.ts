import type { Duplex } from 'node:stream';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';

/** Agrees on HTTP/2 without TLS; from here on the socket is the caller's. Throws `InvalidRequestError` when it was not asked for. */
export function upgradeToHttp2(exchange: Exchange): Duplex {
  const { socket, request, isUpgrade } = exchange;
  const wanted = request.headers.upgrade?.toLowerCase();
  if (wanted === undefined) throw new InvalidRequestError('no upgrade proto in request');
  if (wanted !== 'h2c' || !isUpgrade) throw new InvalidRequestError(`protocol ${wanted} not supported`);
  exchange.hijacked = true;
  socket.once('close', () => exchange.abort());
  // A reset by the client is told by `close`; without a listener it would end the process.
  socket.on('error', () => {});
  socket.removeAllListeners('end');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  return socket;
}
