import type { Exchange } from './exchange.ts';

/** Answers with one JSON document. Docker's clients compare the content type to the letter: no charset. */
export function sendJson(exchange: Exchange, status: number, value: unknown): void {
  // As a string it leaves in one write with the headers.
  const body = `${JSON.stringify(value)}\n`;
  exchange.response.writeHead(status, [
    ...exchange.context.commonHeaders,
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(body)),
  ]);
  exchange.response.end(exchange.method === 'HEAD' ? undefined : body);
}

/**
 * Answers while the client may still be sending a body that nobody wants. Closing at once would reset the connection
 * and could take the answer with it; so the rest is read and dropped for a while first.
 */
export async function sendJsonAndClose(exchange: Exchange, status: number, value: unknown): Promise<void> {
  const { request, response, context } = exchange;
  const body = Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
  response.writeHead(status, [
    ...context.commonHeaders,
    'Content-Type',
    'application/json',
    'Content-Length',
    String(body.length),
    'Connection',
    'close',
  ]);
  response.write(body);
  const done = new AbortController();
  const finish = (): void => done.abort();
  request.on('end', finish).on('close', finish).on('error', finish).resume();
  await context.clock.sleep(context.limits.lingerTimeoutMs, done.signal).catch(() => {});
  response.end();
}

/** Answers with a status and nothing else. */
export function sendEmpty(exchange: Exchange, status: number, headers: readonly string[] = []): void {
  const bodiless = status === 204 || status === 304;
  exchange.response.writeHead(status, [
    ...exchange.context.commonHeaders,
    ...headers,
    ...(bodiless ? [] : ['Content-Length', '0']),
  ]);
  exchange.response.end();
}

/** Sends status and headers now and leaves the body to the caller (`exchange.response`). */
export function beginStream(exchange: Exchange, contentType: string, headers: readonly string[] = []): void {
  const { commonHeaders } = exchange.context;
  exchange.response.writeHead(200, [...commonHeaders, ...headers, 'Content-Type', contentType]);
  exchange.response.flushHeaders();
}
