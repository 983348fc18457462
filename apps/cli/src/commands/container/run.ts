import type { ContainerWaitResponse } from '@gantry/api-types';
import {
  type ApiClient,
  attachContainer,
  type HijackedStream,
  killContainer,
  resizeContainer,
  startContainer,
  waitContainer,
} from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { attachedStreams } from '../../options/create-request.ts';
import { asRunFailure, createFromFlags } from '../../streams/create-container.ts';
import { followSize } from '../../streams/follow-size.ts';
import { proxySignals } from '../../streams/proxy-signals.ts';
import { checkInputTerminal, runSession } from '../../streams/session.ts';

/** `gantry run`: create, attach and wait before the start so that nothing is missed, start, and end as the container does. */
export const runCommand: CommandHandler = async (invocation) => {
  const { flags, stdout } = invocation;
  const detach = flags.boolean('detach');
  if (detach && flags.has('attach')) {
    throw new CommandError(1, 'conflicting options: cannot specify both --attach and --detach');
  }
  const streams = attachedStreams(flags);
  const terminal = flags.boolean('tty');
  if (!detach) checkInputTerminal(streams.has('stdin'), terminal);
  const { id } = await createFromFlags(invocation, { requestsAfter: detach ? 1 : 3 });
  const client = await invocation.engine();
  if (detach) {
    await start(client, id);
    stdout.write(`${id}\n`);
    return 0;
  }
  return await runAttached(invocation, client, id);
};

async function runAttached(
  { flags, config, stdout, stderr }: Invocation,
  client: ApiClient,
  id: string,
): Promise<number> {
  const streams = attachedStreams(flags);
  const terminal = flags.boolean('tty');
  const detachKeys = flags.string('detach-keys') || (config().detachKeys ?? '');
  const opening = Promise.all([
    attachContainer(client, id, {
      stdin: streams.has('stdin'),
      stdout: streams.has('stdout'),
      stderr: streams.has('stderr'),
      detachKeys: detachKeys || undefined,
    }),
    waitContainer(client, id, { condition: flags.boolean('rm') ? 'removed' : 'next-exit' }).catch(
      (error: unknown) => {
        throw asRunFailure(error);
      },
    ),
  ]);
  // While the engine works on these two.
  using signals =
    flags.boolean('sig-proxy') && !terminal
      ? proxySignals((signal) => killContainer(client, id, signal))
      : undefined;
  const [stream, { result }] = await opening;
  const session = runSession({
    stream,
    terminal,
    stdin: streams.has('stdin'),
    detachKeys,
    proxiesSignals: signals !== undefined,
    stdout: streams.has('stdout') ? stdout : undefined,
    stderr: streams.has('stderr') ? stderr : undefined,
  });
  await startAttached(client, id, { stream, session });
  using size = terminal
    ? followSize((rows, columns) => resizeContainer(client, id, rows, columns))
    : undefined;
  void size;
  if ((await session) === 'detached') return 0;
  return exitCodeOf(await result);
}

async function startAttached(
  client: ApiClient,
  id: string,
  { stream, session }: { stream: HijackedStream; session: Promise<unknown> },
): Promise<void> {
  session.catch(() => {});
  try {
    await start(client, id);
  } catch (error) {
    stream.close();
    await session.catch(() => {});
    throw error;
  }
}

/** Starts; a failure carries the exit code that Docker gives for its message. */
async function start(client: ApiClient, id: string): Promise<void> {
  try {
    await startContainer(client, id);
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { exitCode: startFailureCode(error.message) });
    throw error;
  }
}

/** 127 for a missing command, 126 for one that cannot be run, else 125. */
export function startFailureCode(message: string): number {
  if (/executable file not found|no such file or directory|system cannot find the file/.test(message))
    return 127;
  return /permission denied|is a directory/.test(message) ? 126 : 125;
}

function exitCodeOf({ StatusCode, Error: failure }: ContainerWaitResponse): number {
  if (failure?.Message) throw new CommandError(125, `Error waiting for container: ${failure.Message}`);
  return StatusCode;
}
