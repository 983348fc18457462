import { canonicalString } from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { documentBytes, type LocalManifest, manifestReference } from '../../manifests/image-manifest.ts';
import { manifestList } from '../../manifests/manifest-list.ts';
import { ManifestStore } from '../../manifests/manifest-store.ts';
import { goJsonIndented } from '../../output/go-json.ts';

/** `gantry manifest inspect`: of a local list, or of a registry. */
export const inspectCommand: CommandHandler = async (invocation) => {
  const { args, flags, stdout } = invocation;
  const verbose = flags.boolean('verbose');
  const found = await find(invocation, args);
  if (verbose) stdout.write(`${goJsonIndented(found, '\t')}\n`);
  else if (Array.isArray(found)) stdout.write(`${manifestList(found).bytes.toString()}\n`);
  else stdout.write(`${goJsonIndented(JSON.parse(documentBytes(found).toString()), '\t')}\n`);
  return 0;
};

async function find(
  invocation: Invocation,
  args: readonly string[],
): Promise<LocalManifest | LocalManifest[]> {
  const insecure = invocation.flags.boolean('insecure');
  const store = new ManifestStore(invocation.configDirectory);
  const [first = '', second] = args;
  const reference = manifestReference(second ?? first);
  if (second !== undefined) {
    const manifest = store.get(manifestReference(first), reference);
    if (manifest !== undefined) return manifest;
    throw new CommandError(1, `No such manifest: ${canonicalString(reference)}`);
  }
  const local = store.list(reference);
  if (local !== undefined) return local;
  const { RemoteManifests } = await import('../../manifests/remote-manifests.ts');
  using registries = new RemoteManifests(invocation, { insecure, domain: reference.domain });
  const found = await registries.find(reference);
  return found.kind === 'list' ? found.manifests : found.manifest;
}
