import path from 'node:path';
import type { ProgressMessage } from '@gantry/api-types';
import {
  canonicalString,
  choosePlatform,
  type Digest,
  familiarString,
  hostPlatform,
  type Platform,
  type Reference,
} from '@gantry/oci';
import type { Collection, MetadataStore } from '@gantry/state';
import { ImageNotFoundError, PlatformNotFoundError, UnknownMirrorImageError } from '../errors.ts';
import type { TransferOptions } from '../image-store.ts';
import type { ArchiveImporter, SingleLayerImage } from '../import/import-archive.ts';
import type { ImageRecords } from '../records/image-records.ts';
import { SharedRuns } from '../shared-runs.ts';
import { type Distribution, distributions } from './apt/distribution.ts';
import { PrivateApt } from './apt/private-apt.ts';
import {
  type BusyboxBinary,
  busyboxRootfs,
  downloadedBusybox,
  installedBusybox,
} from './build/busybox-rootfs.ts';
import { distributionRootfs } from './build/distribution-rootfs.ts';
import {
  type FoundSuite,
  findArchive,
  findSuite,
  type HostPaths,
  latestSuite,
  readAptHost,
} from './distribution-mirror.ts';
import { MirrorFailedError, UnknownSuiteError } from './errors.ts';
import { makeWorkDirectory, removeStaleWorkDirectories } from './work-directory.ts';

export interface MirrorImagesOptions {
  records: ImageRecords;
  importer: ArchiveImporter;
  state: MetadataStore;
  /** Where root file systems are put together, on a disk with some hundred MB free and without `nodev`. */
  workParent: string;
  paths: HostPaths;
  /** Whether a package's file is taken from the host when it is installed there, as it was delivered. */
  useInstalled: boolean;
}

/** Which image was made of which packages. */
interface MadeImage {
  imageId: Digest;
}

interface Job {
  reference: Reference;
  /** `mirror/debian:bookworm`, for messages. */
  image: string;
  directory: string;
  onProgress: (message: ProgressMessage) => void;
  signal: AbortSignal;
}

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Images of the namespace `mirror/`, made on this host from the package mirror that its apt is configured with. */
export class MirrorImages {
  readonly #options: MirrorImagesOptions;
  readonly #made: Collection<MadeImage>;
  readonly #runs = new SharedRuns<void>();

  constructor(options: MirrorImagesOptions) {
    this.#options = options;
    this.#made = options.state.collection('mirror-images', { version: 1 });
  }

  /**
   * Makes the image, unless what it would be made of is what it was made of. All who pull one name at a time share one
   * making. `reference` has a tag. Throws `MirrorNotConfiguredError`, `UnknownSuiteError`, `MirrorFailedError`,
   * `ProgramMissingError`, `PlatformNotFoundError`, `UnknownMirrorImageError` for names that are not made here.
   */
  async pull(reference: Reference, options: TransferOptions): Promise<void> {
    const image = familiarString(reference);
    const make = this.#makerOf(reference);
    if (make === undefined) throw new UnknownMirrorImageError(image);
    refusePlatform(image, options.platform);
    if (reference.digest !== undefined) return this.#findDigest(reference, options);
    const waiter = {
      onProgress: options.onProgress,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    await this.#runs.join(canonicalString(reference), waiter, async (onProgress, signal) => {
      await using work = await makeWorkDirectory(this.#options.workParent);
      const before = this.#options.records.name(canonicalString(reference))?.imageId;
      const id = await make({ reference, image, directory: work.path, onProgress, signal });
      onProgress({ status: `Digest: ${id}` });
      const outcome = id === before ? 'Image is up to date' : 'Downloaded newer image';
      onProgress({ status: `Status: ${outcome} for ${image}` });
    });
  }

  /** Removes what engines that were killed in the middle of a making left behind. */
  async removeStale(): Promise<string[]> {
    return removeStaleWorkDirectories(this.#options.workParent);
  }

  #makerOf({ path: name }: Reference): ((job: Job) => Promise<Digest>) | undefined {
    if (name === 'mirror/busybox') return (job) => this.#makeBusybox(job);
    const distribution = Object.values(distributions).find(({ id }) => name === `mirror/${id}`);
    return distribution === undefined ? undefined : (job) => this.#makeDistribution(distribution, job);
  }

  /** A digest names one image, which was made here or not at all. */
  #findDigest(reference: Reference, { onProgress }: TransferOptions): void {
    const { digest } = reference;
    if (digest === undefined || this.#options.records.image(digest) === undefined) {
      throw new ImageNotFoundError(familiarString(reference));
    }
    onProgress({ status: `Digest: ${digest}` });
    onProgress({ status: `Status: Image is up to date for ${familiarString(reference)}` });
  }

  async #makeDistribution(distribution: Distribution, job: Job): Promise<Digest> {
    const { tag = 'latest' } = job.reference;
    const slim = tag.endsWith('-slim');
    const asked = slim ? tag.slice(0, -'-slim'.length) : tag;
    const host = await readAptHost(this.#options.paths);
    const suite = asked === 'latest' ? latestSuite(host, distribution) : asked;
    const archive = await findArchive(host, distribution, { image: job.image, suite });
    if (suite === undefined || !/^[a-z][a-z0-9.-]*$/.test(suite)) {
      throw new UnknownSuiteError(job.image, asked, archive.hostSuites);
    }
    const found = await findSuite(archive, suite, job);
    reportStart(job);
    const fingerprint = `${found.fingerprint}${slim ? '-slim' : ''}`;
    const known = this.#made.get(fingerprint)?.imageId;
    if (known !== undefined && this.#adopt(known, job.reference)) {
      job.onProgress({ status: 'Already made', id: found.suite });
      return known;
    }
    const id = await this.#options.importer.make(
      distributionRootfs({ ...job, ...found, slim, releaseDate: found.release.date }),
      { ...describeDistribution(found, slim), names: [canonicalString(job.reference)] },
      { compress: true, signal: job.signal, onProgress: storingProgress(found.suite, job.onProgress) },
    );
    this.#made.put(fingerprint, { imageId: id });
    job.onProgress({ status: 'Pull complete', id: found.suite });
    return id;
  }

  /** Gives an image that is still here the name. */
  #adopt(imageId: Digest, reference: Reference): boolean {
    const { records } = this.#options;
    return records.transaction(() => {
      if (records.image(imageId) === undefined) return false;
      const name = canonicalString(reference);
      if (records.name(name)?.imageId !== imageId) {
        records.putName(name, { imageId, taggedAt: new Date().toISOString() });
      }
      return true;
    });
  }

  async #makeBusybox(job: Job): Promise<Digest> {
    const { image, reference, onProgress } = job;
    const installed = this.#options.useInstalled ? await installedBusybox(image, job.signal) : undefined;
    const binary = installed ?? (await this.#downloadBusybox(job));
    const version = /^(?:\d+:)?([^-+~]+)/.exec(binary.version)?.[1] ?? binary.version;
    if (reference.tag !== 'latest' && reference.tag !== version) {
      throw new UnknownSuiteError(image, reference.tag ?? '', ['latest', version]);
    }
    reportStart(job);
    const id = await this.#options.importer.make(
      chunksOf(binary),
      { ...describeBusybox(binary, version), names: [canonicalString(reference)] },
      { compress: true, signal: job.signal },
    );
    onProgress({ status: 'Pull complete', id: 'busybox' });
    return id;
  }

  async #downloadBusybox(job: Job): Promise<BusyboxBinary> {
    const { image, directory, signal } = job;
    const host = await readAptHost(this.#options.paths);
    const own =
      Object.values(distributions).find(({ id }) => id === host.distributionId) ?? distributions.debian;
    const suite = latestSuite(host, own) ?? '';
    const archive = await findArchive(host, own, { image, suite });
    const apt = new PrivateApt({ directory: path.join(directory, 'apt'), image, signal });
    const source = { ...archive.base, suite };
    const { releases, complaints } = await apt.update([source], true);
    const release = releases.get(suite);
    if (release?.origin !== own.origin) {
      throw new MirrorFailedError(image, complaints || `the mirror's origin is not ${own.origin}`);
    }
    return downloadedBusybox(apt, { image, directory, signal });
  }
}

/** Docker's first line; not before it is sure that there is something to pull: an error until then has a status of its own. */
function reportStart({ image, reference: { tag = '' }, onProgress }: Job): void {
  onProgress({ status: `Pulling from ${image.slice(0, -tag.length - 1)}`, id: tag });
}

/** Other machines' binaries do not run in the making. Throws `PlatformNotFoundError`. */
function refusePlatform(image: string, platform: Platform | undefined): void {
  if (platform === undefined) return;
  const host = hostPlatform();
  const fits = choosePlatform([host], (item) => item, { platform, strict: true });
  if (fits === undefined) throw new PlatformNotFoundError(image, platform);
}

function describeDistribution(found: FoundSuite, slim: boolean): Omit<SingleLayerImage, 'names'> {
  const { release, distribution, suite } = found;
  const created = release.date.toISOString().replace('.000Z', 'Z');
  return {
    config: {
      Env: [searchPath],
      Cmd: ['bash'],
      Labels: {
        'org.opencontainers.image.title': `${distribution.id} ${release.codename}${slim ? ' slim' : ''}`,
        ...(release.version === '' ? {} : { 'org.opencontainers.image.version': release.version }),
      },
    },
    platform: hostPlatform(),
    created,
    createdBy: `mmdebstrap --variant=minbase ${suite}${slim ? ' # without documentation' : ''}`,
  };
}

function describeBusybox(binary: BusyboxBinary, version: string): Omit<SingleLayerImage, 'names'> {
  return {
    config: {
      Env: [searchPath],
      Cmd: ['sh'],
      Labels: {
        'org.opencontainers.image.title': 'busybox',
        'org.opencontainers.image.version': version,
      },
    },
    platform: hostPlatform(),
    created: binary.built.toISOString().replace('.000Z', 'Z'),
    createdBy: `busybox-static ${binary.version}`,
  };
}

function storingProgress(id: string, onProgress: Job['onProgress']): (storedBytes: number) => void {
  return (current) => onProgress({ id, status: 'Storing', progressDetail: { current } });
}

async function* chunksOf(binary: BusyboxBinary): AsyncGenerator<Uint8Array> {
  yield* busyboxRootfs(binary);
}
