import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { orderedPlatform } from '../../manifests/image-manifest.ts';
import { isKnownPlatform } from '../../manifests/known-platforms.ts';
import { ManifestStore } from '../../manifests/manifest-store.ts';
import { namedReference } from './named-reference.ts';

/** `gantry manifest annotate`: says more, or something else, of a manifest in a local list. */
export const annotateCommand: CommandHandler = async ({ flags, args, configDirectory }) => {
  const [listName = '', name = ''] = args;
  const list = namedReference(listName, 'annotate: error parsing name for manifest list');
  const reference = namedReference(name, 'annotate: error parsing name for manifest');
  const given = {
    os: flags.string('os'),
    architecture: flags.string('arch'),
    variant: flags.string('variant'),
    version: flags.string('os-version'),
    features: flags.list('os-features'),
  };
  const store = new ManifestStore(configDirectory);
  const manifest = store.get(list, reference);
  if (manifest === undefined) {
    throw new CommandError(1, `manifest for image ${name} does not exist in ${listName}`);
  }
  const known = manifest.Descriptor.platform ?? {};
  const os = given.os || (known.os ?? '');
  const architecture = given.architecture || (known.architecture ?? '');
  if (!isKnownPlatform(os, architecture)) {
    throw new CommandError(
      1,
      `manifest entry for image has unsupported os/arch combination: ${given.os}/${given.architecture}`,
    );
  }
  const platform = orderedPlatform({
    os,
    architecture,
    variant: given.variant || (known.variant ?? ''),
    'os.version': given.version || (known['os.version'] ?? ''),
    'os.features': [...new Set([...(known['os.features'] ?? []), ...given.features])],
  });
  store.put(list, reference, { ...manifest, Descriptor: { ...manifest.Descriptor, platform } });
  return 0;
};
