import { createVolume, inspectRaw, removeVolume } from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { parseKeyValues } from '../../options/key-values.ts';
import { printInspected } from '../../output/inspect-output.ts';
import { forEachName } from '../for-each.ts';
import { clusterVolumeSpec } from './cluster-spec.ts';

/** `gantry volume create`. */
export const createCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const cluster = clusterVolumeSpec(flags);
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
    ...(cluster && { ClusterVolumeSpec: cluster }),
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
