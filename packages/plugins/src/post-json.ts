import http from 'node:http';
import https from 'node:https';

/** What plugins of this protocol expect, of its version 1.2. */
const mediaType = 'application/vnd.docker.plugins.v1.2+json';
const maxAnswerBytes = 1024 * 1024;

/** Nobody listens: the request was not sent. */
export class ConnectionFailedError extends Error {}

export interface Posting {
  connection: https.RequestOptions;
  secure: boolean;
  path: string;
  body: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface PostedAnswer {
  status: number;
  text: string;
}

/** One request on a connection of its own. Throws `ConnectionFailedError`, or what else keeps the answer from coming. */
export function postJson({
  connection,
  secure,
  path,
  body,
  timeoutMs,
  signal,
}: Posting): Promise<PostedAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PostedAnswer>();
  const timeout = AbortSignal.timeout(timeoutMs);
  const headers = { Accept: mediaType, 'Content-Type': mediaType, 'Content-Length': Buffer.byteLength(body) };
  const request = (secure ? https : http).request({
    ...connection,
    method: 'POST',
    path,
    headers,
    agent: false,
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
  request.once('error', (error) => reject(reasonOf(error, timeout.aborted ? timeoutMs : undefined)));
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxAnswerBytes) request.destroy(new Error(`an answer of more than ${maxAnswerBytes} bytes`));
      else chunks.push(chunk);
    });
    response.once('error', (error) => reject(reasonOf(error, timeout.aborted ? timeoutMs : undefined)));
    response.once('end', () =>
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
    );
  });
  request.end(body);
  return promise;
}

function reasonOf(error: Error, timedOutAfterMs: number | undefined): Error {
  if (timedOutAfterMs !== undefined) return new Error(`no answer within ${timedOutAfterMs / 1000} seconds`);
  const syscall = 'syscall' in error ? error.syscall : undefined;
  return syscall === 'connect' ? new ConnectionFailedError(error.message, { cause: error }) : error;
}
