import { errorMessage, type Logger } from '@gantry/base';
import type { ContainerProcess, OutputPosition } from '@gantry/runtime';
import type { Container } from '../container.ts';

/** Output that the disk has not taken yet; beyond it the container's pipe fills, as with any slow reader. */
const longestBacklogBytes = 4 * 1024 * 1024;

export interface PumpOptions {
  container: Container;
  process: ContainerProcess;
  /** Position up to which the log has the output: the log is open. */
  from: OutputPosition;
  closing: AbortSignal;
  logger: Logger;
}

/**
 * Brings a run's output into the log and to the clients, from `from` to its end. Output is released by the log's
 * `onStored`. When the engine closes, the log stops where it is and the rest is left to the next engine. Never rejects.
 */
export async function pumpOutput({ container, process, from, closing, logger }: PumpOptions): Promise<void> {
  const { log, output } = container;
  const suspended = Promise.withResolvers<void>();
  const suspend = (): void => {
    void log.suspend().then(suspended.resolve, suspended.resolve);
  };
  closing.addEventListener('abort', suspend, { once: true });
  try {
    await Promise.race([pump(container, process, from, closing), suspended.promise]);
  } catch (error) {
    logger.error('output is no longer read', { containerId: container.id, error: errorMessage(error) });
  } finally {
    closing.removeEventListener('abort', suspend);
    if (!closing.aborted) await log.end();
    output.end();
  }
}

async function pump(
  { log, output }: Container,
  process: ContainerProcess,
  from: OutputPosition,
  closing: AbortSignal,
): Promise<void> {
  let position = from;
  for await (const chunk of process.output.read(from)) {
    if (closing.aborted) return;
    position = chunk.position;
    const clientsReady = output.publish({ stream: chunk.stream, data: chunk.data });
    log.append(chunk.stream, chunk.data, position);
    if (log.holdsOutput && log.backlogBytes > longestBacklogBytes) await log.flushed();
    if (clientsReady !== undefined) await clientsReady;
  }
  // A runtime that closes ends its readers too; only the process's end is the end of the log.
  await process.exited;
  if (closing.aborted) return;
  await log.end();
  process.output.release(position);
}
