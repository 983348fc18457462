import type { ExecCreateRequest } from '@gantry/api-types';
import { createExec, inspectExec, resizeExec, startExec, startExecDetached } from '@gantry/client';
import { windowSize } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { parseEnvironment } from '../../options/environment.ts';
import { followSize } from '../../streams/follow-size.ts';
import { checkInputTerminal, runSession } from '../../streams/session.ts';

/** `gantry exec`: ends with the exit code of the command. */
export const execCommand: CommandHandler = async (invocation) => {
  const { flags, args, engine, stdout, stderr } = invocation;
  const request = execRequestOf(invocation);
  const detach = flags.boolean('detach');
  const terminal = request.Tty ?? false;
  const stdin = request.AttachStdin ?? false;
  if (!detach) checkInputTerminal(stdin, terminal);
  const client = await engine();
  const id = await createExec(client, args[0] ?? '', request);
  if (detach) {
    await startExecDetached(client, id, { Tty: terminal });
    return 0;
  }
  const stream = await startExec(client, id, { Tty: terminal, ConsoleSize: request.ConsoleSize });
  using size = terminal ? followSize((rows, columns) => resizeExec(client, id, rows, columns)) : undefined;
  void size;
  const detachKeys = request.DetachKeys ?? '';
  const end = await runSession({ stream, terminal, stdin, detachKeys, stdout, stderr });
  if (end === 'detached') throw new CommandError(1, 'read escape sequence');
  const { ExitCode } = await inspectExec(client, id);
  return ExitCode ?? 0;
};

function execRequestOf({ flags, args, environment, config }: Invocation): ExecCreateRequest {
  const detach = flags.boolean('detach');
  const terminal = flags.boolean('tty');
  const size = terminal && !detach ? windowSize(1) : undefined;
  const variables = parseEnvironment(flags.list('env-file'), flags.list('env'), environment);
  const detachKeys = flags.string('detach-keys') || config().detachKeys;
  return {
    AttachStdin: !detach && flags.boolean('interactive'),
    AttachStdout: !detach,
    AttachStderr: !detach,
    Tty: terminal,
    Cmd: args.slice(1),
    ...(size === undefined ? {} : { ConsoleSize: [size.rows, size.columns] as [number, number] }),
    ...(variables.length === 0 ? {} : { Env: variables }),
    ...(flags.boolean('privileged') ? { Privileged: true } : {}),
    ...(flags.has('user') ? { User: flags.string('user') } : {}),
    ...(flags.has('workdir') ? { WorkingDir: flags.string('workdir') } : {}),
    ...(detachKeys ? { DetachKeys: detachKeys } : {}),
  };
}
