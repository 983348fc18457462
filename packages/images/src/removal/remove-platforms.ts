import type { ImageDeleteResponseItem } from '@gantry/api-types';
import { type Digest, digestHex, formatPlatform, type Platform } from '@gantry/oci';
import { ImageInUseError } from '../errors.ts';
import type { ContentKeeper } from '../keeping/content-keeper.ts';
import type { ManifestQueryOptions } from '../queries/manifest-summary.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import {
  attestedManifest,
  chooseNode,
  type ImageNode,
  type ImageTree,
  isRunnable,
  missingBlobs,
  type RunnableNode,
  readImageTree,
} from '../reading/image-tree.ts';
import { findImage } from '../records/find-image.ts';

export interface RemovePlatformsOptions extends ManifestQueryOptions {
  documents: ImageDocuments;
  keeper: ContentKeeper;
  maxManifests: number;
}

/**
 * Removes the content of an image's platforms, and what is attested of it. The record says first that it is gone. Throws as
 * `ImageStore.removePlatforms`.
 */
export async function removePlatforms(
  options: RemovePlatformsOptions,
  ref: string,
  { platforms, force }: { platforms: readonly Platform[]; force: boolean },
): Promise<ImageDeleteResponseItem[]> {
  const { records, documents, maxManifests } = options;
  const { id, record } = findImage(records, ref);
  const tree = await readImageTree(documents, record.target, maxManifests);
  const leaving = new Set(platforms.map((platform) => chooseNode(tree, ref, platform)));
  const staying = await wholeNodes(options, tree, leaving);
  if (staying.length === 0) throw nothingLeft(ref, platforms);
  for (const node of leaving) refuseUsed(options, { id, node, force });
  const digests = await removeNodes(options, tree, { leaving, staying });
  return digests.map((digest) => ({ Deleted: digest }));
}

/**
 * Removes what an image has for other platforms than `platforms`, but nothing of those in `known`, which it had before, and nothing
 * that a container uses.
 */
export async function keepPlatforms(
  options: RemovePlatformsOptions,
  id: Digest,
  { platforms, known }: { platforms: readonly Platform[]; known: readonly string[] },
): Promise<void> {
  const { records, documents, maxManifests, usage } = options;
  const { record } = findImage(records, id);
  const tree = await readImageTree(documents, record.target, maxManifests);
  const wanted = new Set(platforms.map((platform) => chooseNode(tree, id, platform)));
  const used = new Set(usage.containersUsing(id).map(({ manifestDigest }) => manifestDigest));
  const isSurplus = (node: RunnableNode): boolean =>
    !wanted.has(node) && !known.includes(formatPlatform(node.platform)) && !used.has(node.descriptor.digest);
  const leaving = new Set(tree.nodes.filter(isRunnable).filter(isSurplus));
  if (leaving.size === 0) return;
  await removeNodes(options, tree, { leaving, staying: await wholeNodes(options, tree, leaving) });
}

/** Returns the digests of the manifests that went. */
async function removeNodes(
  options: RemovePlatformsOptions,
  tree: ImageTree,
  { leaving, staying }: { leaving: ReadonlySet<ImageNode>; staying: readonly RunnableNode[] },
): Promise<string[]> {
  const { records, keeper } = options;
  const { digest: id } = tree.target;
  const sizeBytes = await unpackedSize(options, tree, staying);
  const platforms = [...new Set(staying.map((node) => formatPlatform(node.platform)))];
  records.transaction(() => {
    const current = records.image(id);
    if (current !== undefined) records.putImage(id, { ...current, platforms, sizeBytes });
  });
  const digests = new Set([...leaving].map((node) => node.descriptor.digest));
  const attestations = tree.nodes.filter((node) => isAttestationOf(node, digests));
  for (const { descriptor } of attestations) digests.add(descriptor.digest);
  await keeper.dropManifests(id, digests);
  return [...digests];
}

async function wholeNodes(
  { content }: RemovePlatformsOptions,
  tree: ImageTree,
  leaving: ReadonlySet<ImageNode>,
): Promise<RunnableNode[]> {
  const whole: RunnableNode[] = [];
  for (const node of tree.nodes.filter(isRunnable)) {
    if (!leaving.has(node) && (await missingBlobs(content, node)).length === 0) whole.push(node);
  }
  return whole;
}

function refuseUsed(
  { usage }: RemovePlatformsOptions,
  { id, node, force }: { id: Digest; node: RunnableNode; force: boolean },
): void {
  const users = usage
    .containersUsing(id)
    .filter(({ manifestDigest = node.descriptor.digest }) => manifestDigest === node.descriptor.digest);
  const user = users.find(({ running }) => running) ?? users[0];
  if (user === undefined || (force && !user.running)) return;
  const can = user.running ? 'cannot be forced' : 'must be forced';
  const state = user.running ? 'running' : 'stopped';
  const what = `${digestHex(id).slice(0, 12)} (${formatPlatform(node.platform)})`;
  throw new ImageInUseError(
    `conflict: unable to delete ${what} (${can}) - image is being used by ${state} container ${user.id.slice(0, 12)}`,
    { imageId: id, forceable: !user.running, containerId: user.id },
  );
}

/** Of what runs here, if that stays; an image for other machines alone takes nothing unpacked. */
async function unpackedSize(
  { unpacker }: RemovePlatformsOptions,
  tree: ImageTree,
  staying: readonly RunnableNode[],
): Promise<number> {
  const { config } = chooseNode({ ...tree, nodes: staying }, tree.target.digest, undefined);
  const layers = (await unpacker.unpacked(config.rootfs.diff_ids)) ?? [];
  return layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
}

function isAttestationOf({ descriptor, manifest }: ImageNode, digests: ReadonlySet<string>): boolean {
  return manifest !== undefined && digests.has(attestedManifest(descriptor) ?? '');
}

function nothingLeft(ref: string, platforms: readonly Platform[]): ImageInUseError {
  const asked = platforms.map(formatPlatform).join(', ');
  return new ImageInUseError(
    `conflict: unable to delete ${asked} of ${ref}: nothing else of the image is here. Remove the image itself`,
    { forceable: false },
  );
}
