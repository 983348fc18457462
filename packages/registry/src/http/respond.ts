import type { RegistryExchange } from './registry-exchange.ts';

type Headers = Readonly<Record<string, string | number>>;

/** How long the rest of a body that nobody wants is read and dropped, so that the client sees the answer. */
const lingerMs = 2000;

/** Clients of Docker's look for the version. */
const common: readonly string[] = [
  'Docker-Distribution-Api-Version',
  'registry/2.0',
  'X-Content-Type-Options',
  'nosniff',
];

/** Sends status and headers; the body is the caller's. */
export function sendHead({ response }: RegistryExchange, status: number, headers: Headers): void {
  response.writeHead(status, [
    ...common,
    ...Object.entries(headers).flatMap(([name, value]) => [name, String(value)]),
  ]);
}

/** An answer without a body. */
export function sendEmpty(exchange: RegistryExchange, status: number, headers: Headers = {}): void {
  const hasLength = status !== 204 && status !== 304;
  sendHead(exchange, status, { ...headers, ...(hasLength ? { 'Content-Length': 0 } : {}) });
  exchange.response.end();
}

/** An answer whose body is at hand; of a `HEAD` only what it would be. */
export function sendBytes(
  exchange: RegistryExchange,
  status: number,
  { bytes, headers }: { bytes: Uint8Array | string; headers: Headers },
): void {
  const length = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
  sendHead(exchange, status, { ...headers, 'Content-Length': length });
  exchange.response.end(exchange.method === 'HEAD' ? undefined : bytes);
}

export function sendJson(
  exchange: RegistryExchange,
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Headers } = {},
): void {
  const bytes = `${JSON.stringify(value)}\n`;
  sendBytes(exchange, status, { bytes, headers: { 'Content-Type': 'application/json', ...headers } });
}

/**
 * Answers while the client may still be sending what nobody wants. Closing at once would reset the connection and could take
 * the answer with it.
 */
export async function sendJsonAndClose(
  exchange: RegistryExchange,
  value: unknown,
  options: { status: number; headers: Headers },
): Promise<void> {
  const { request, response, services } = exchange;
  const bytes = `${JSON.stringify(value)}\n`;
  sendHead(exchange, options.status, {
    'Content-Type': 'application/json',
    ...options.headers,
    'Content-Length': Buffer.byteLength(bytes),
    Connection: 'close',
  });
  if (exchange.method !== 'HEAD') response.write(bytes);
  const done = new AbortController();
  const finish = (): void => done.abort();
  request.on('end', finish).on('close', finish).on('error', finish).resume();
  await services.clock.sleep(lingerMs, done.signal).catch(() => {});
  response.end();
}
