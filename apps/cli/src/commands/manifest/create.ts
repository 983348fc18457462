import { canonicalString } from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { manifestReference } from '../../manifests/image-manifest.ts';
import { ManifestStore } from '../../manifests/manifest-store.ts';
import { namedReference } from './named-reference.ts';

/** `gantry manifest create`: a local list of manifests, which registries have. */
export const createCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout, configDirectory } = invocation;
  const [name = '', ...members] = args;
  const list = namedReference(name, 'error parsing name for manifest list');
  const store = new ManifestStore(configDirectory);
  const amends = flags.boolean('amend');
  const insecure = flags.boolean('insecure');
  if (store.has(list) && !amends) {
    throw new CommandError(1, 'refusing to amend an existing manifest list with no --amend flag');
  }
  const { RemoteManifests } = await import('../../manifests/remote-manifests.ts');
  for (const member of members) {
    const reference = manifestReference(member);
    if (store.get(list, reference) !== undefined) continue;
    using registries = new RemoteManifests(invocation, { insecure, domain: reference.domain });
    const found = await registries.find(reference);
    if (found.kind === 'list') {
      throw new CommandError(1, `${canonicalString(reference)} is a manifest list`);
    }
    store.put(list, reference, found.manifest);
  }
  stdout.write(`Created manifest list ${canonicalString(list)}\n`);
  return 0;
};
