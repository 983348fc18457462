import type {
  Filters,
  ImageDeleteResponseItem,
  ImageHistoryResponseItem,
  ImageInspect,
  ImageSummary,
} from '@gantry/api-types';
import { type Clock, type Logger, silentLogger, systemClock } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import {
  canonicalString,
  type Digest,
  familiarName,
  familiarString,
  InvalidReferenceError,
  isMirror,
  type Platform,
  parseReference,
  parseReferenceWithTag,
  withDefaultTag,
  withTag,
} from '@gantry/oci';
import type { Snapshotter } from '@gantry/snapshots';
import type { MetadataStore } from '@gantry/state';
import { ImageCommitter } from './commit/commit-image.ts';
import { ImageComposer } from './compose/image-composer.ts';
import { PackedLayers } from './compose/packed-layers.ts';
import { UnknownMirrorImageError, UnverifiableImageError } from './errors.ts';
import type {
  CommitImageOptions,
  ImageStore,
  ImageUsage,
  ImportOptions,
  LoadImageOptions,
  PullOptions,
  PushOptions,
  ResolvedImage,
} from './image-store.ts';
import { ArchiveImporter } from './import/import-archive.ts';
import { type CollectedGarbage, ContentKeeper, type KeepScope } from './keeping/content-keeper.ts';
import { ImageRecorder } from './keeping/image-recorder.ts';
import { LayerUnpacker } from './keeping/layer-unpacker.ts';
import { defaultLimits, type ImageLimits } from './limits.ts';
import { ArchiveLoader } from './load/load-archive.ts';
import type { HostPaths } from './mirror/distribution-mirror.ts';
import { MirrorImages } from './mirror/mirror-images.ts';
import { throttleProgress } from './progress-throttle.ts';
import { type ImageVerifier, type Registries, RegistryImages } from './pull/registry-images.ts';
import { ImagePusher } from './push/push-image.ts';
import { imageHistory } from './queries/image-history.ts';
import { type ImageSpace, imageSpace } from './queries/image-space.ts';
import { type InspectOptions, type InspectRequest, inspectImage } from './queries/inspect-image.ts';
import { listImages } from './queries/list-images.ts';
import { ImageDocuments } from './reading/image-documents.ts';
import { chooseNode, readImageTree } from './reading/image-tree.ts';
import { findImage } from './records/find-image.ts';
import { ImageRecords } from './records/image-records.ts';
import { type PrunedImages, pruneImages } from './removal/prune-images.ts';
import { removeImage } from './removal/remove-image.ts';
import { keepPlatforms, removePlatforms } from './removal/remove-platforms.ts';
import { checkImages, type ImageProblem } from './repair/check-images.ts';
import { type RepairReport, repairImages } from './repair/repair-images.ts';
import { planArchive } from './save/plan-archive.ts';
import { writeArchive } from './save/write-archive.ts';

export interface LocalImageStoreOptions {
  content: BlobStore;
  snapshots: Snapshotter;
  state: MetadataStore;
  registries: Registries;
  /** Decides which images may come; every one may when missing, and of none a signature can be asked for. */
  verifier?: ImageVerifier;
  /** How many layers are fetched at once; 3 when missing, as Docker's. */
  maxDownloads?: () => number;
  /** How many blobs a push sends at once; 5 when missing, as Docker's. */
  maxUploads?: () => number;
  /** Layers that are kept though no image has them, with their plain blobs; none when missing. */
  retained?: () => Iterable<Digest>;
  /** Who uses images; nobody when missing. */
  usage?: ImageUsage;
  clock?: Clock;
  logger?: Logger;
  limits?: Partial<ImageLimits>;
  /** Where `mirror/` images are put together. */
  workDirectory?: string;
  /** Where the host's apt is configured; its usual places when missing. */
  hostPaths?: Partial<HostPaths>;
  /** False: packages come from the mirror even when the host has them installed. */
  installedPackages?: boolean;
}

const usualPaths: HostPaths = {
  aptDirectory: '/etc/apt',
  listsDirectory: '/var/lib/apt/lists',
  osReleaseFile: '/etc/os-release',
};

const withoutPolicy: ImageVerifier = {
  verify: async ({ name }, { isAskedFor }) => {
    if (isAskedFor) throw new UnverifiableImageError(name, 'there is no signature policy');
    return undefined;
  },
};

/** The images of this host: blobs in the content store, layers in the snapshotter, names and records in the metadata store. */
export class LocalImageStore implements ImageStore {
  /** For images that are made of layers of this store. */
  readonly composer: ImageComposer;
  readonly #packed: PackedLayers;
  readonly #records: ImageRecords;
  readonly #documents: ImageDocuments;
  readonly #keeper: ContentKeeper;
  readonly #unpacker: LayerUnpacker;
  readonly #loader: ArchiveLoader;
  readonly #importer: ArchiveImporter;
  readonly #committer: ImageCommitter;
  readonly #mirror: MirrorImages;
  readonly #registry: RegistryImages;
  readonly #pusher: ImagePusher;
  readonly #usage: ImageUsage;
  readonly #clock: Clock;
  readonly #snapshots: Snapshotter;
  readonly #queries: InspectOptions;

  constructor(options: LocalImageStoreOptions) {
    const { content, snapshots, state, clock = systemClock } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const logger = (options.logger ?? silentLogger).child({ component: 'images' });
    const maxManifests = limits.manifests;
    const records = new ImageRecords(state);
    const documents = new ImageDocuments(content);
    const unpacker = new LayerUnpacker(content, snapshots);
    const packed = new PackedLayers(state);
    const { retained = () => [] } = options;
    const keeper = new ContentKeeper({
      content,
      snapshots,
      records,
      documents,
      logger,
      maxManifests,
      retained: () => packed.with(retained()),
    });
    const recorder = new ImageRecorder({ content, documents, records, unpacker, clock, maxManifests });
    this.#records = records;
    this.#documents = documents;
    this.#keeper = keeper;
    this.#unpacker = unpacker;
    this.#loader = new ArchiveLoader({ content, documents, keeper, recorder, limits });
    this.#importer = new ArchiveImporter({ content, keeper, recorder, clock, limits });
    const reading = { snapshots, documents, records };
    const foundation = { content, limits, ...reading };
    this.#committer = new ImageCommitter({ keeper, recorder, clock, ...foundation });
    this.#mirror = new MirrorImages({
      records,
      state,
      importer: this.#importer,
      workParent: options.workDirectory ?? '/var/tmp',
      paths: { ...usualPaths, ...options.hostPaths },
      useInstalled: options.installedPackages ?? true,
    });
    this.#registry = new RegistryImages({
      registries: options.registries,
      verifier: options.verifier ?? withoutPolicy,
      maxDownloads: options.maxDownloads ?? (() => 3),
      content,
      documents,
      records,
      keeper,
      recorder,
      unpacker,
    });
    this.#pusher = new ImagePusher({
      registries: options.registries,
      maxUploads: options.maxUploads ?? (() => 5),
      maxManifests,
      content,
      documents,
      records,
    });
    this.#packed = packed;
    this.composer = new ImageComposer({
      ...foundation,
      packed,
      recorder,
      pusher: this.#pusher,
      unpacker,
      maxManifests,
    });
    this.#usage = options.usage ?? { containersUsing: () => [] };
    this.#clock = clock;
    this.#snapshots = snapshots;
    this.#queries = {
      content,
      records,
      documents,
      unpacker,
      usage: this.#usage,
      clock,
      logger,
      maxManifests,
    };
  }

  async resolve(
    ref: string,
    options: { platform?: Platform; signal?: AbortSignal } = {},
  ): Promise<ResolvedImage> {
    const { id, record } = findImage(this.#records, ref);
    const tree = await readImageTree(this.#documents, record.target, this.#queries.maxManifests);
    const node = chooseNode(tree, ref, options.platform);
    const layers = node.config.rootfs.diff_ids;
    if ((await this.#unpacker.unpacked(layers)) === undefined) {
      await this.#unpacker.unpack(node, options.signal === undefined ? {} : { signal: options.signal });
    }
    return {
      id,
      manifestDigest: node.descriptor.digest,
      config: node.config,
      layers,
      platform: node.platform,
    };
  }

  async pull(ref: string, options: PullOptions): Promise<void> {
    const reference = parseReferenceWithTag(ref);
    const onProgress = throttleProgress(this.#clock, options.onProgress);
    if (!isMirror(reference)) {
      await this.#registry.pull(reference, { ...options, onProgress });
      return;
    }
    if (options.verify === true) {
      const reason = 'it is made on this host, of packages that the distribution has signed';
      throw new UnverifiableImageError(familiarString(reference), reason);
    }
    await this.#mirror.pull(reference, { ...options, onProgress });
  }

  async pullAll(repository: string, options: PullOptions): Promise<void> {
    const reference = parseReference(repository);
    if (isMirror(reference)) throw new UnknownMirrorImageError(`all tags of ${familiarName(reference)}`);
    const onProgress = throttleProgress(this.#clock, options.onProgress);
    await this.#registry.pullAll(reference, { ...options, onProgress });
  }

  async push(ref: string, options: PushOptions): Promise<void> {
    const onProgress = throttleProgress(this.#clock, options.onProgress);
    await this.#pusher.push(parseReferenceWithTag(ref), { ...options, onProgress });
  }

  async pushAll(repository: string, options: PushOptions): Promise<void> {
    const onProgress = throttleProgress(this.#clock, options.onProgress);
    await this.#pusher.pushAll(parseReference(repository), { ...options, onProgress });
  }

  async load(archive: AsyncIterable<Uint8Array>, options: LoadImageOptions): Promise<readonly Digest[]> {
    const onProgress = throttleProgress(this.#clock, options.onProgress);
    const { platforms = [] } = options;
    const known = new Map(this.#records.images().map(({ id, record }) => [id, record.platforms]));
    const loaded = await this.#loader.load(archive, { ...options, onProgress });
    for (const { id } of platforms.length === 0 ? [] : loaded) {
      const queries = { ...this.#queries, keeper: this.#keeper };
      await keepPlatforms(queries, id, { platforms, known: known.get(id) ?? [] });
    }
    return loaded.map(({ id }) => id);
  }

  async save(
    refs: readonly string[],
    options: { platforms?: readonly Platform[]; signal?: AbortSignal } = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const plan = await planArchive(this.#queries, refs, options.platforms);
    return writeArchive(this.#queries.content, plan, options.signal);
  }

  import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Digest> {
    return this.#importer.import(archive, options);
  }

  commit(layer: AsyncIterable<Uint8Array>, options: CommitImageOptions): Promise<Digest> {
    return this.#committer.commit(layer, options);
  }

  keep(): KeepScope {
    return this.#keeper.begin();
  }

  list({ filters, ...request }: Parameters<ImageStore['list']>[0]): Promise<ImageSummary[]> {
    return listImages(this.#queries, filters, request);
  }

  inspect(ref: string, request: InspectRequest = {}): Promise<ImageInspect> {
    return inspectImage(this.#queries, ref, request);
  }

  history(ref: string, options: { platform?: Platform } = {}): Promise<ImageHistoryResponseItem[]> {
    return imageHistory(this.#queries, ref, options.platform);
  }

  async tag(ref: string, repository: string, tag: string): Promise<void> {
    const { digest: _, ...named } = parseReference(repository);
    const reference = { ...named, digest: undefined };
    if (familiarName(reference) === 'sha256') {
      throw new InvalidReferenceError(
        repository,
        'refusing to create an ambiguous tag using digest algorithm as name',
      );
    }
    const target = tag === '' ? withDefaultTag(reference) : withTag(reference, tag);
    this.#records.transaction(() => {
      const { id } = findImage(this.#records, ref);
      this.#records.putName(canonicalString(target), {
        imageId: id,
        taggedAt: this.#clock.now().toISOString(),
      });
    });
  }

  async remove(ref: string, options: { force: boolean; prune: boolean }): Promise<ImageDeleteResponseItem[]> {
    const items = removeImage(this.#records, this.#usage, ref, options.force);
    await this.#keeper.collectGarbage();
    return items;
  }

  removePlatforms(
    ref: string,
    platforms: readonly Platform[],
    { force }: { force: boolean },
  ): Promise<ImageDeleteResponseItem[]> {
    return removePlatforms({ ...this.#queries, keeper: this.#keeper }, ref, { platforms, force });
  }

  /** Removes images that no container uses: those without a name, or all with `dangling=false`. Throws `InvalidFilterError`. */
  prune(filters: Filters): Promise<PrunedImages> {
    return pruneImages({ ...this.#queries, keeper: this.#keeper }, filters);
  }

  /** Each image's share of the disk. */
  space(): Promise<ImageSpace[]> {
    return imageSpace(this.#queries);
  }

  /** Looks for what does not fit; changes nothing. */
  check(): Promise<ImageProblem[]> {
    return checkImages({ ...this.#queries, snapshots: this.#snapshots, isKept: this.#keeper.keeps() });
  }

  /** The start-up pass; call it before anything else uses the store. */
  async repair(signal?: AbortSignal): Promise<RepairReport> {
    await this.#mirror.removeStale();
    const report = await repairImages({ ...this.#queries, keeper: this.#keeper }, signal);
    const { content } = this.#queries;
    await this.#packed.forgetMissing(async (digest) => (await content.stat(digest)) !== undefined);
    return report;
  }

  /** Layers that images have, by diff id. */
  imageLayers(): Promise<ReadonlySet<Digest>> {
    return this.#keeper.imageLayers();
  }

  /** Removes blobs and layers that no image needs and no container stands on (any more). */
  collectGarbage(): Promise<CollectedGarbage> {
    return this.#keeper.collectGarbage();
  }
}
