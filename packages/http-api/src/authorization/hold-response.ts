import type { ServerResponse } from 'node:http';
import { errorMessage } from '@gantry/base';
import { errorStatus } from '../server/error-status.ts';
import type { Exchange } from '../server/exchange.ts';
import type { GuardedResponse } from './request-guard.ts';

/** Methods that are the response's own while it is held, over those of its class. */
const held = ['writeHead', 'flushHeaders', 'write', 'end'] as const;

/**
 * Holds an answer that is given whole until `allow` resolves; when it throws, the client gets that error in its place. An
 * answer that flows (its head is flushed, or written in parts) goes out as it comes.
 */
export function holdResponse(
  { response, context }: Exchange,
  allow: (response: GuardedResponse) => Promise<void>,
): void {
  let head: { status: number; headers: readonly string[] } | undefined;
  const release = (): void => {
    for (const name of held) Reflect.deleteProperty(response, name);
    if (head !== undefined) response.writeHead(head.status, [...head.headers]);
  };
  const replace = (error: unknown): void => {
    const body = `${JSON.stringify({ message: errorMessage(error) })}\n`;
    const length = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))];
    head = { status: errorStatus(error), headers: [...context.commonHeaders, ...length] };
    release();
    response.end(body);
  };
  Object.assign(response, {
    writeHead: (status: number, headers: readonly string[] = []): ServerResponse => {
      head = { status, headers };
      return response;
    },
    flushHeaders: () => {
      release();
      response.flushHeaders();
    },
    write: (chunk: Uint8Array | string) => {
      release();
      return response.write(chunk);
    },
    end: (body?: Uint8Array | string): ServerResponse => {
      const { status = 200, headers = [] } = head ?? {};
      const bytes = body === undefined ? new Uint8Array() : Buffer.from(body);
      allow({ status, headers: named(headers), body: bytes }).then(() => {
        release();
        response.end(body);
      }, replace);
      return response;
    },
  });
}

/** Alternating names and values as an object. */
function named(headers: readonly string[]): Record<string, string> {
  const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}
