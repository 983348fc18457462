import http from 'node:http';
import { errorMessage } from '@gantry/base';
import { AuthorizationFailedError } from './errors.ts';

/** Docker's answer of a plugin to a question about a request. */
export interface PluginAnswer {
  Allow?: boolean;
  Msg?: string;
  Err?: string;
}

const mediaType = 'application/vnd.docker.plugins.v1.2+json';
const timeoutMs = 30_000;
const maxAnswerBytes = 1024 * 1024;

/**
 * Asks a plugin on its socket (Docker's plugin protocol: POST of JSON). Throws `AuthorizationFailedError` when it does not
 * answer in time, with less than a megabyte of JSON.
 */
export async function callPlugin(
  plugin: { name: string; socketPath: string },
  method: string,
  question: object,
): Promise<Record<string, unknown>> {
  try {
    const text = await post(plugin.socketPath, method, JSON.stringify(question));
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
  } catch (error) {
    throw new AuthorizationFailedError(plugin.name, `${method}: ${errorMessage(error)}`, error);
  }
  throw new AuthorizationFailedError(plugin.name, `${method}: its answer is no JSON object`);
}

function post(socketPath: string, method: string, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { Accept: mediaType, 'Content-Type': mediaType, 'Content-Length': Buffer.byteLength(body) };
  const signal = AbortSignal.timeout(timeoutMs);
  const request = http.request({
    socketPath,
    method: 'POST',
    path: `/${method}`,
    headers,
    agent: false,
    signal,
  });
  request.once('error', reject);
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxAnswerBytes) request.destroy(new Error(`answer of more than ${maxAnswerBytes} bytes`));
      else chunks.push(chunk);
    });
    response.once('error', reject);
    response.once('end', () => {
      const text = Buffer.concat(chunks).toString();
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`status ${response.statusCode}: ${text.slice(0, 200)}`));
    });
  });
  request.end(body);
  return promise;
}
