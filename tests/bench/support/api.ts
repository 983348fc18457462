import { Agent, request } from 'node:http';

interface Answer {
  text: string;
  contentType: string | undefined;
}

/** A keep-alive client of an Engine API socket: the same bytes for every engine that is measured. */
export class ApiSocket implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Sends JSON, resolves with the parsed body (undefined when it is not JSON). Rejects on a status of 400 or more. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { text, contentType } = await this.ask(method, path, body);
    return (isJson(contentType, text) ? JSON.parse(text) : undefined) as T;
  }

  /** `call` without reading the answer: resolves with its last byte. */
  ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(
      {
        socketPath: this.#socketPath,
        agent: this.#agent,
        method,
        path,
        headers:
          payload === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if ((response.statusCode ?? 500) >= 400)
            reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
          else resolve({ text, contentType: response.headers['content-type'] });
        });
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** create + start + wait + remove of one container. Returns its exit code. */
export async function runOnce(api: ApiSocket, body: object): Promise<number> {
  const { Id: id } = await api.call<{ Id: string }>('POST', '/v1.41/containers/create', body);
  const exit = api.call<{ StatusCode: number }>('POST', `/v1.41/containers/${id}/wait?condition=next-exit`);
  await api.call('POST', `/v1.41/containers/${id}/start`);
  const { StatusCode } = await exit;
  await api.call('DELETE', `/v1.41/containers/${id}`);
  return StatusCode;
}

/** exec of a command in a running container, to its end. */
export async function execOnce(
  api: ApiSocket,
  containerId: string,
  command: readonly string[],
): Promise<void> {
  const { Id: id } = await api.call<{ Id: string }>('POST', `/v1.41/containers/${containerId}/exec`, {
    Cmd: command,
    AttachStdout: true,
    AttachStderr: true,
  });
  await api.call('POST', `/v1.41/exec/${id}/start`, { Detach: false, Tty: false });
}

function isJson(contentType: string | undefined, text: string): boolean {
  return text !== '' && contentType?.startsWith('application/json') === true;
}
