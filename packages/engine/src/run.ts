import type { ContainerCreateRequest } from '@gantry/api-types';
import type { ContainerBackend } from '@gantry/http-api';

export interface RunOptions {
  /** Anything that `POST /containers/create` takes; merged over the image and command. */
  request?: ContainerCreateRequest;
  /** Aborting kills the container. */
  signal?: AbortSignal;
}

export interface RunResult {
  exitCode: number;
  /** Up to 16 MB each; what goes beyond is dropped. */
  stdout: string;
  stderr: string;
}

const maxOutputBytes = 16 * 1024 * 1024;

/**
 * Creates a container, runs it to its end, collects its output and removes it. Throws what `create` and `start` throw; the
 * container is removed in any case.
 */
export async function runToEnd(
  containers: ContainerBackend,
  image: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const request = { ...options.request, Image: image, Cmd: [...args] };
  const { Id: id } = await containers.create(request, {});
  const stop = new AbortController();
  const onAbort = (): void => void containers.kill(id, 'KILL').catch(() => {});
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const session = await containers.attach(id, {
      stdin: false,
      stdout: true,
      stderr: true,
      stream: true,
      logs: false,
      signal: stop.signal,
    });
    const waiting = await containers.wait(id, 'next-exit', stop.signal);
    await containers.start(id);
    options.signal?.throwIfAborted();
    const output = await collect(session.output);
    const { StatusCode: exitCode, Error: failure } = await waiting.result;
    if (failure?.Message) output.stderr += `${failure.Message}\n`;
    return { exitCode, ...output };
  } catch (error) {
    throw options.signal?.aborted ? options.signal.reason : error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    stop.abort();
    await containers.remove(id, { force: true, volumes: true });
  }
}

async function collect(
  frames: AsyncIterable<{ stream: string; data: Uint8Array }>,
): Promise<{ stdout: string; stderr: string }> {
  const chunks: Record<string, Buffer[]> = { stdout: [], stderr: [], system: [] };
  let sizeBytes = 0;
  for await (const { stream, data } of frames) {
    sizeBytes += data.length;
    if (sizeBytes <= maxOutputBytes) chunks[stream]?.push(Buffer.from(data));
  }
  return {
    stdout: Buffer.concat(chunks['stdout'] ?? []).toString(),
    stderr: Buffer.concat([...(chunks['stderr'] ?? []), ...(chunks['system'] ?? [])]).toString(),
  };
}
