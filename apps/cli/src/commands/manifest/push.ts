import { createHash } from 'node:crypto';
import type { RemoteRepository } from '@gantry/distribution';
import {
  canonicalName,
  canonicalString,
  type Descriptor,
  type Digest,
  isForeignLayerType,
  parseReference,
  type Reference,
} from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { documentBytes, type LocalManifest, parsedManifest } from '../../manifests/image-manifest.ts';
import { manifestList } from '../../manifests/manifest-list.ts';
import { ManifestStore } from '../../manifests/manifest-store.ts';
import type { RemoteManifests } from '../../manifests/remote-manifests.ts';
import { namedReference } from './named-reference.ts';

/** `gantry manifest push`: sends a local list, with the manifests that its repository has not. */
export const pushCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout, configDirectory } = invocation;
  const list = namedReference(args[0] ?? '', 'error parsing name for manifest list');
  const insecure = flags.boolean('insecure');
  const purges = flags.boolean('purge');
  const store = new ManifestStore(configDirectory);
  const manifests = store.list(list);
  if (manifests === undefined) throw new CommandError(1, `No such manifest: ${canonicalString(list)}`);
  const sources = manifests.map((manifest) => sourceOf(list, manifest));
  const { mediaType, bytes } = manifestList(manifests);
  const { RemoteManifests } = await import('../../manifests/remote-manifests.ts');
  using registries = new RemoteManifests(invocation, { insecure, domain: list.domain });
  const target = await registries.repository(list, 'push');
  for (const { manifest, source } of sources) {
    if (source.path === list.path) continue;
    const { digest, mediaType: type } = manifest.Descriptor;
    await sendBlobs(registries, target, { manifest, source });
    await target.putManifest(digest, { mediaType: type, digest, bytes: documentBytes(manifest) });
    stdout.write(`Pushed ref ${canonicalName(list)}@${digest} with digest: ${digest}\n`);
  }
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await target.putManifest(list.tag ?? digest, { mediaType, digest, bytes });
  stdout.write(`${digest}\n`);
  if (purges) store.remove(list);
  return 0;
};

interface Source {
  manifest: LocalManifest;
  source: Reference;
}

function sourceOf(list: Reference, manifest: LocalManifest): Source {
  const source = parseReference(manifest.Ref);
  if (source.domain === list.domain) return { manifest, source };
  throw new CommandError(
    1,
    `cannot use source images from a different registry than the target image: ${source.domain} != ${list.domain}`,
  );
}

/** Takes the blobs over from the repository that has them; by way of this machine where the registry does not do that. */
async function sendBlobs(
  registries: RemoteManifests,
  target: RemoteRepository,
  { manifest, source }: Source,
): Promise<void> {
  const { config, layers } = parsedManifest(manifest);
  const own = layers.filter((layer: Descriptor) => !isForeignLayerType(layer.mediaType));
  for (const blob of [config, ...own]) {
    if (await target.hasBlob(blob.digest)) continue;
    if (await target.mountBlob(blob.digest, source.path)) continue;
    const from = await registries.repository(source, 'pull');
    await target.putBlob(blob, () => from.blob(blob));
  }
}
