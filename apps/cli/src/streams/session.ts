import type { HijackedStream } from '@gantry/client';
import { RawMode } from '@gantry/terminal';
import { CommandError, isEngineError } from '../errors.ts';
import { copyOutput, type OutputTargets } from './copy-output.ts';
import { DetachWatcher, defaultDetachKeys, parseDetachKeys } from './detach-keys.ts';

export interface SessionOptions extends OutputTargets {
  readonly stream: HijackedStream;
  /** The other side has a terminal. */
  readonly terminal: boolean;
  /** Our stdin goes to the other side. */
  readonly stdin: boolean;
  /** Empty for the default. */
  readonly detachKeys: string;
  /** Our signals are the other side's: SIGPIPE does not end us. */
  readonly proxiesSignals?: boolean;
}

/**
 * Connects stdin, stdout and stderr to a hijacked stream until its output ends, or the user detaches. With terminals
 * on both sides ours is in raw mode meanwhile. Rejects when the stream breaks.
 */
export async function runSession(options: SessionOptions): Promise<'ended' | 'detached'> {
  const { stream, terminal, stdin } = options;
  using rawMode = terminal && stdin && process.stdin.isTTY ? new RawMode(process.stdin) : undefined;
  const output = copyOutput(stream, terminal, options).then(
    (): 'ended' => 'ended',
    (error: unknown) => {
      throw options.proxiesSignals ? brokenPipe(error) : error;
    },
  );
  if (!stdin) return await output;
  const watcher =
    rawMode === undefined
      ? undefined
      : new DetachWatcher(parseDetachKeys(options.detachKeys) ?? defaultDetachKeys);
  const input = copyInput(stream, watcher);
  const hasOutput = options.stdout !== undefined || options.stderr !== undefined;
  const inputOver = input.then((end) => (end === 'detached' ? end : hasOutput ? output : end));
  return await Promise.race([output, inputOver]);
}

/** Docker's client fails by the write, for it takes SIGPIPE as one of the signals it proxies; without that it dies of it. */
function brokenPipe(error: unknown): unknown {
  if (!isEngineError(error) || error.code !== 'output-closed') return error;
  const name = error.details['fd'] === 2 ? 'stderr' : 'stdout';
  return new CommandError(1, `write /dev/${name}: broken pipe`, { cause: error });
}

/** Throws when a terminal is asked for and our stdin is none. */
export function checkInputTerminal(stdinAttached: boolean, terminal: boolean): void {
  if (stdinAttached && terminal && !process.stdin.isTTY) {
    throw new CommandError(1, 'the input device is not a TTY');
  }
}

async function copyInput(
  stream: HijackedStream,
  watcher: DetachWatcher | undefined,
): Promise<'ended' | 'detached'> {
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      const { data, detached } = watcher?.filter(chunk) ?? { data: chunk, detached: false };
      await stream.write(data);
      if (detached) return 'detached';
    }
  } catch (error) {
    // The terminal has hung up, which is an end like any other.
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
  }
  stream.closeWrite();
  return 'ended';
}
