import { createVolume, inspectRaw, removeVolume } from '@gantry/client';
import { CommandError, NotBuiltError } from '../../errors.ts';
import type { FlagValues } from '../../grammar/flag-values.ts';
import type { CommandHandler } from '../../invocation.ts';
import { parseKeyValues } from '../../options/key-values.ts';
import { printInspected } from '../../output/inspect-output.ts';
import { forEachName } from '../for-each.ts';

const localFlags: ReadonlySet<string> = new Set(['driver', 'label', 'name', 'opt']);

/** `gantry volume create`. Cluster volumes are not built. */
export const createCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  refuseClusterFlags(flags);
  if (flags.has('name') && args.length > 0) {
    throw new CommandError(
      1,
      'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
    );
  }
  const name = args[0] ?? flags.string('name');
  const { Name } = await createVolume(await engine(), {
    ...(name === '' ? {} : { Name: name }),
    Driver: flags.string('driver'),
    DriverOpts: parseKeyValues(flags.list('opt')),
    Labels: parseKeyValues(flags.list('label')),
  });
  stdout.write(`${Name}\n`);
  return 0;
};

/** `gantry volume rm`. */
export const removeCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  const force = flags.boolean('force');
  if (args.includes('')) throw new CommandError(1, 'invalid volume name: value is empty');
  await forEachName(args, (name) => removeVolume(client, name, force), { stdout });
  return 0;
};

/** `gantry volume inspect`. */
export const inspectCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  await printInspected(stdout, args, {
    format: flags.string('format'),
    read: (name) => inspectRaw(client, 'volume', name),
  });
  return 0;
};

function refuseClusterFlags(flags: FlagValues): void {
  const flag = flags.given.find((name) => !localFlags.has(name));
  if (flag !== undefined) throw new NotBuiltError(`gantry volume create --${flag}`);
}
