import { inspectVolume, updateVolume } from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';

/** `gantry volume update`: of cluster volumes, which only a swarm has. */
export const updateCommand: CommandHandler = async ({ flags, args, engine }) => {
  const client = await engine();
  const changed = flags.has('availability') ? { Availability: flags.string('availability') } : {};
  const { ClusterVolume: cluster } = await inspectVolume(client, args[0] ?? '');
  if (cluster === undefined || cluster === null) throw new CommandError(1, 'can only update cluster volumes');
  await updateVolume(client, cluster.ID ?? '', {
    version: cluster.Version?.Index ?? 0,
    spec: { ...cluster.Spec, ...changed },
  });
  return 0;
};
