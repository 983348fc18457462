import type { AttachOptions } from '@gantry/api-types';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { restartingError } from '../lifecycle/pause-container.ts';
import { LogCursor } from '../logs/reading/log-cursor.ts';
import type { AttachSession } from './attach-session.ts';
import { defaultDetachKeys, parseDetachKeys } from './detach-keys.ts';
import type { OutputFrame } from './output-frame.ts';
import type { OutputSubscription } from './output-subscription.ts';
import { SessionInput } from './session-input.ts';

/**
 * Attaches a client to a container that runs, or to its next run. Throws `ContainerStateError` when it is paused or
 * restarting.
 */
export function attachToContainer(
  { events }: ContainerEnvironment,
  container: Container,
  options: AttachOptions,
): AttachSession {
  const { id, state, terminal } = container;
  const keys = detachKeysOf(options.detachKeys, terminal);
  if (state.status === 'paused') {
    throw new ContainerStateError(id, `container ${id} is paused, unpause the container before attach`);
  }
  if (state.status === 'restarting') throw restartingError(id);
  const ending = new AbortController();
  // Both in this turn of the event loop: no output comes in between.
  const mark = container.log.mark();
  const subscription = options.stream ? container.output.subscribe() : undefined;
  const close = (): void => {
    if (ending.signal.aborted) return;
    options.signal.removeEventListener('abort', close);
    if (options.stdin && options.stream) endInput(container);
    ending.abort();
    subscription?.close();
  };
  options.signal.addEventListener('abort', close, { once: true });
  if (options.signal.aborted) close();
  publishContainerEvent(events, container, 'attach');
  const onDetach = (): void => {
    publishContainerEvent(events, container, 'detach');
    subscription?.close();
  };
  const input = inputOf(container, options, { keys, onDetach, signal: ending.signal });
  return {
    terminal,
    output: sessionOutput(container, options, mark, subscription),
    ...(input && { input }),
    close,
  };
}

/** The keys that end a session: those given, and without any Docker's default where the client has a terminal. */
export function detachKeysOf(given: string | undefined, terminal: boolean): Uint8Array | undefined {
  if (given !== undefined && given !== '') return parseDetachKeys(given);
  return terminal ? defaultDetachKeys : undefined;
}

function inputOf(
  container: Container,
  options: AttachOptions,
  { keys, onDetach, signal }: { keys: Uint8Array | undefined; onDetach: () => void; signal: AbortSignal },
): SessionInput | undefined {
  if (!options.stdin || !options.stream || container.record.config.OpenStdin !== true) return undefined;
  return new SessionInput({
    target: async (ended) => (await container.nextRun(ended))?.process.stdin,
    detachKeys: keys,
    onDetach,
    endsProcessInput: endsWithClient(container),
    signal,
  });
}

/** A client that goes away takes the input with it, where the container asked for that (`-i` without a terminal). */
function endInput(container: Container): void {
  if (endsWithClient(container)) container.run?.process.stdin?.end();
}

function endsWithClient({ record, terminal }: Container): boolean {
  return record.config.StdinOnce === true && !terminal;
}

async function* sessionOutput(
  container: Container,
  options: AttachOptions,
  mark: ReturnType<Container['log']['mark']>,
  subscription: OutputSubscription | undefined,
): AsyncGenerator<OutputFrame, void, undefined> {
  const wanted = ({ stream }: OutputFrame): boolean => stream === 'system' || options[stream];
  try {
    if (options.logs) {
      for await (const frame of replay(container, mark)) {
        subscription?.touch();
        if (wanted(frame)) yield frame;
      }
    }
    if (subscription === undefined) return;
    for await (const frame of subscription) if (wanted(frame)) yield frame;
  } finally {
    subscription?.close();
  }
}

/** What was output before the mark, the beginning of a line that has not ended included. */
async function* replay(
  { log }: Container,
  mark: ReturnType<Container['log']['mark']>,
): AsyncGenerator<OutputFrame, void, undefined> {
  await log.flushed();
  using cursor = new LogCursor(log, 0);
  for (
    let records = await cursor.next(mark.end);
    records !== undefined;
    records = await cursor.next(mark.end)
  ) {
    yield* records;
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    if (mark.pending[stream].length > 0) yield { stream, data: mark.pending[stream] };
  }
}
