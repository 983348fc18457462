import type { DriverData, ImageInspect } from '@gantry/api-types';
import type { BlobStore } from '@gantry/content';
import type { Platform } from '@gantry/oci';
import type { LayerInfo } from '@gantry/snapshots';
import type { ImageUsage } from '../image-store.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import { chooseNode, type RunnableNode, readImageTree } from '../reading/image-tree.ts';
import { type FoundImage, findImage } from '../records/find-image.ts';
import { repoDigests, repoTags } from './image-view.ts';
import type { QueryOptions } from './list-images.ts';
import { summarizeManifests } from './manifest-summary.ts';

export interface InspectOptions extends QueryOptions {
  content: BlobStore;
  unpacker: LayerUnpacker;
  usage: ImageUsage;
}

export interface InspectRequest {
  platform?: Platform;
  /** Docker adds the list of manifests only when it is asked for. */
  manifests?: boolean;
}

/** Throws `ImageNotFoundError`, `AmbiguousImageError`, `PlatformNotFoundError`, and what reading throws. */
export async function inspectImage(
  options: InspectOptions,
  ref: string,
  request: InspectRequest,
): Promise<ImageInspect> {
  const { records, documents, unpacker, maxManifests } = options;
  const found = findImage(records, ref);
  const tree = await readImageTree(documents, found.record.target, maxManifests);
  const node = chooseNode(tree, ref, request.platform);
  const layers = (await unpacker.unpacked(node.config.rootfs.diff_ids)) ?? [];
  const inspect = describe(found, node, records.namesOf(found.id));
  inspect.Size = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  inspect.GraphDriver = graphDriver(layers);
  inspect.Metadata = { LastTagTime: lastTagTime(options, found) };
  if (request.manifests === true) {
    inspect.Manifests = await summarizeManifests(options, tree);
  }
  return inspect;
}

function describe(found: FoundImage, node: RunnableNode, names: readonly string[]): ImageInspect {
  const { config } = node;
  return {
    Id: found.id,
    Descriptor: { ...found.record.target },
    RepoTags: repoTags(names),
    RepoDigests: repoDigests(names, found.id),
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    ...(config.created === undefined ? {} : { Created: config.created }),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: structuredClone(config.config ?? {}) as ImageInspect['Config'],
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    ...(config['os.version'] === undefined ? {} : { OsVersion: config['os.version'] }),
    RootFS: { Type: 'layers', Layers: [...config.rootfs.diff_ids] },
  };
}

/** Docker's overlay2 driver shows the directories; ours are the unpacked layers, base last in `LowerDir`. */
function graphDriver(layers: readonly LayerInfo[]): DriverData {
  const paths = layers.map((layer) => layer.path).reverse();
  const [upper, ...lower] = paths;
  return {
    Name: 'overlay2',
    Data: {
      ...(lower.length === 0 ? {} : { LowerDir: lower.join(':') }),
      ...(upper === undefined ? {} : { UpperDir: upper }),
    },
  };
}

function lastTagTime({ records }: InspectOptions, { id }: FoundImage): string {
  const times = records
    .names()
    .filter(({ record }) => record.imageId === id)
    .map(({ record }) => record.taggedAt);
  return times.sort().at(-1) ?? '0001-01-01T00:00:00Z';
}
