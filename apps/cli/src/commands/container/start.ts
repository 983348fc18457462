import {
  type ApiClient,
  attachContainer,
  inspectContainer,
  killContainer,
  resizeContainer,
  startContainer,
  waitContainer,
} from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { failureText } from '../../print-failure.ts';
import { followSize } from '../../streams/follow-size.ts';
import { proxySignals } from '../../streams/proxy-signals.ts';
import { checkInputTerminal, runSession } from '../../streams/session.ts';

/** `gantry start`. */
export const startCommand: CommandHandler = async (invocation) => {
  const { flags, args } = invocation;
  const client = await invocation.engine();
  if (!flags.boolean('attach') && !flags.boolean('interactive')) return await startAll(invocation, client);
  if (args.length > 1) throw new CommandError(1, 'you cannot start and attach multiple containers at once');
  return await startAttached(invocation, client);
};

async function startAll({ flags, args, stdout, stderr }: Invocation, client: ApiClient): Promise<number> {
  const failed: string[] = [];
  const checkpoint = flags.string('checkpoint') || undefined;
  const checkpointDir = flags.string('checkpoint-dir') || undefined;
  for (const name of args) {
    try {
      await startContainer(client, name, { checkpoint, checkpointDir });
      stdout.write(`${name}\n`);
    } catch (error) {
      stderr.write(`${failureText(error)}\n`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new CommandError(1, `Error: failed to start containers: ${failed.join(', ')}`);
  return 0;
}

async function startAttached(
  { flags, args, config, stdout, stderr }: Invocation,
  client: ApiClient,
): Promise<number> {
  const { Id = '', Config, HostConfig } = await inspectContainer(client, args[0] ?? '');
  const terminal = Config?.Tty ?? false;
  const stdin = flags.boolean('interactive') && (Config?.OpenStdin ?? false);
  checkInputTerminal(stdin, terminal);
  const detachKeys = flags.string('detach-keys') || (config().detachKeys ?? '');
  const stream = await attachContainer(client, Id, {
    stdin,
    stdout: true,
    stderr: true,
    detachKeys: detachKeys || undefined,
  });
  const condition = HostConfig?.AutoRemove ? 'removed' : 'next-exit';
  const { result } = await waitContainer(client, Id, { condition });
  using signals = terminal ? undefined : proxySignals((signal) => killContainer(client, Id, signal));
  const proxiesSignals = signals !== undefined;
  const session = runSession({ stream, terminal, stdin, detachKeys, stdout, stderr, proxiesSignals });
  session.catch(() => {});
  try {
    await startContainer(client, Id);
  } catch (error) {
    stream.close();
    throw error;
  }
  using size = terminal
    ? followSize((rows, columns) => resizeContainer(client, Id, rows, columns))
    : undefined;
  void size;
  return (await session) === 'detached' ? 0 : (await result).StatusCode;
}
