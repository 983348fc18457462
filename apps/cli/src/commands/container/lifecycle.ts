import {
  killContainer,
  pauseContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  type StopQuery,
  stopContainer,
  unpauseContainer,
  waitContainer,
} from '@gantry/client';
import { apiStatus, CommandError } from '../../errors.ts';
import type { FlagValues } from '../../grammar/flag-values.ts';
import type { CommandHandler } from '../../invocation.ts';
import { failureText } from '../../print-failure.ts';
import { forEachName } from '../for-each.ts';

/** `gantry stop`. */
export const stopCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  const query = stopQuery(flags);
  await forEachName(args, (name) => stopContainer(client, name, query), { stdout });
  return 0;
};

/** `gantry restart`. */
export const restartCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  const query = stopQuery(flags);
  await forEachName(args, (name) => restartContainer(client, name, query), { stdout });
  return 0;
};

/** `gantry kill`. */
export const killCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  const signal = flags.string('signal') || undefined;
  await forEachName(args, (name) => killContainer(client, name, signal), { stdout });
  return 0;
};

/** `gantry pause`. */
export const pauseCommand: CommandHandler = async ({ args, engine, stdout }) => {
  const client = await engine();
  await forEachName(args, (name) => pauseContainer(client, name), { stdout });
  return 0;
};

/** `gantry unpause`. */
export const unpauseCommand: CommandHandler = async ({ args, engine, stdout }) => {
  const client = await engine();
  await forEachName(args, (name) => unpauseContainer(client, name), { stdout });
  return 0;
};

/** `gantry rm`. With `--force` a container that is gone is no failure. */
export const removeCommand: CommandHandler = async ({ flags, args, engine, stdout, stderr }) => {
  const client = await engine();
  const options = {
    force: flags.boolean('force'),
    volumes: flags.boolean('volumes'),
    link: flags.boolean('link'),
  };
  const remove = (name: string): Promise<void> =>
    removeContainer(client, name.replace(/^\/+|\/+$/g, ''), options);
  await forEachName(args, remove, {
    stdout,
    stderr,
    forgives: (error) => options.force && apiStatus(error) === 404,
  });
  return 0;
};

/** `gantry rename`. */
export const renameCommand: CommandHandler = async ({ args, engine }) => {
  const [oldName = '', newName = ''] = args.map((name) => name.trim());
  if (oldName === '' || newName === '') {
    throw new CommandError(1, 'Error: Neither old nor new names may be empty');
  }
  const client = await engine();
  try {
    await renameContainer(client, oldName, newName);
  } catch (error) {
    throw new CommandError(1, `${failureText(error)}\nError: failed to rename container named ${oldName}`, {
      cause: error,
    });
  }
  return 0;
};

/** `gantry wait`: prints each exit code as it comes, in the order of the names. */
export const waitCommand: CommandHandler = async ({ args, engine, stdout }) => {
  const client = await engine();
  const codes = new Map<string, number>();
  const wait = async (name: string): Promise<void> => {
    const { result } = await waitContainer(client, name);
    codes.set(name, (await result).StatusCode);
  };
  await forEachName(args, wait, { stdout, print: (name) => `${codes.get(name)}\n` });
  return 0;
};

function stopQuery(flags: FlagValues): StopQuery {
  return {
    signal: flags.string('signal') || undefined,
    timeoutSeconds: flags.number('timeout') ?? flags.number('time'),
  };
}
