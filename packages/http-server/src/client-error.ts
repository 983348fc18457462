import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const answers: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'request headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'request headers did not arrive in time'],
};

/**
 * Answers what is not HTTP, and closes: after a parse error nothing on the connection can be trusted. An answer to an
 * earlier request that is still on its way goes out first, and alone.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  {
    socket,
    earlier,
    problem,
  }: { socket: Duplex; earlier: ServerResponse | undefined; problem: (message: string) => unknown },
): void {
  const isAnswering = earlier !== undefined && !earlier.writableFinished && !socket.destroyed;
  if (isAnswering && !earlier.req.complete) {
    socket.destroy();
    return;
  }
  if (isAnswering) {
    earlier.once('close', () => socket.destroy());
    return;
  }
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason, message] = answers[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'malformed HTTP request',
  ];
  const body = `${JSON.stringify(problem(message))}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
