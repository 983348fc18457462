import {
  attachContainer,
  inspectContainer,
  killContainer,
  resizeContainer,
  waitContainer,
} from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { followSize } from '../../streams/follow-size.ts';
import { proxySignals } from '../../streams/proxy-signals.ts';
import { checkInputTerminal, runSession } from '../../streams/session.ts';

/** `gantry attach`: ends with the container's exit code, or with 1 after the detach keys. */
export const attachCommand: CommandHandler = async ({ flags, args, config, engine, stdout, stderr }) => {
  const client = await engine();
  const { Id = '', Config, State } = await inspectContainer(client, args[0] ?? '');
  if (!State?.Running) throw new CommandError(1, 'You cannot attach to a stopped container, start it first');
  if (State.Paused) throw new CommandError(1, 'You cannot attach to a paused container, unpause it first');
  if (State.Restarting)
    throw new CommandError(1, 'You cannot attach to a restarting container, wait until it is running');
  const terminal = Config?.Tty ?? false;
  const stdin = !flags.boolean('no-stdin') && (Config?.OpenStdin ?? false);
  checkInputTerminal(stdin, terminal);
  const detachKeys = flags.string('detach-keys') || (config().detachKeys ?? '');
  const { result } = await waitContainer(client, Id);
  const stream = await attachContainer(client, Id, {
    stdin,
    stdout: true,
    stderr: true,
    detachKeys: detachKeys || undefined,
  });
  using signals =
    flags.boolean('sig-proxy') && !terminal
      ? proxySignals((signal) => killContainer(client, Id, signal))
      : undefined;
  using size = terminal
    ? followSize((rows, columns) => resizeContainer(client, Id, rows, columns))
    : undefined;
  void size;
  const proxiesSignals = signals !== undefined;
  const end = await runSession({ stream, terminal, stdin, detachKeys, stdout, stderr, proxiesSignals });
  if (end === 'detached') throw new CommandError(1, 'read escape sequence');
  return (await result).StatusCode;
};
