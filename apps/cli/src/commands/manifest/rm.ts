import { canonicalString } from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { manifestReference } from '../../manifests/image-manifest.ts';
import { ManifestStore } from '../../manifests/manifest-store.ts';

/** `gantry manifest rm`. */
export const removeCommand: CommandHandler = async ({ args, configDirectory }) => {
  const store = new ManifestStore(configDirectory);
  const failures: string[] = [];
  for (const name of args) {
    const list = manifestReference(name);
    if (store.has(list)) store.remove(list);
    else failures.push(`No such manifest: ${canonicalString(list)}`);
  }
  if (failures.length > 0) throw new CommandError(1, failures.join('\n'));
  return 0;
};
