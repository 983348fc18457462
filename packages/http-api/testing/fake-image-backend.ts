import type {
  Filters,
  ImageDeleteResponseItem,
  ImageHistoryResponseItem,
  ImageInspect,
  ImageSummary,
} from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import { familiarString, parseReference } from '@gantry/oci';
import type { ImageBackend, ImageLoadOptions, ImagePlatform, ImageTransferOptions } from '../src/index.ts';
import { someTime } from './fake-container.ts';

const id = `sha256:${'ab'.repeat(32)}`;

/** Names in memory; an archive is any bytes, and its size in bytes is the image. */
export class FakeImageBackend implements ImageBackend {
  readonly names: Set<string> = new Set(['busybox:latest']);
  readonly pulled: {
    ref: string;
    allTags: boolean | undefined;
    auth: unknown;
    platform: unknown;
    verify: boolean | undefined;
  }[] = [];
  /** Bytes that the last load or import was given before it ended. */
  receivedBytes = 0;

  async pull(
    ref: string,
    options: ImageTransferOptions & { allTags?: boolean; auth?: { username?: string }; verify?: boolean },
  ): Promise<void> {
    const { allTags, auth, platform, verify } = options;
    this.pulled.push({ ref, allTags, auth, platform, verify });
    if (ref.includes('nosuch')) {
      throw new EngineError('not-found', 'repository-not-found', `pull access denied for ${ref}`);
    }
    options.onProgress({ status: `Pulling from ${ref}`, id: 'latest' });
    if (ref.includes('broken'))
      throw new EngineError('corrupt', 'digest-mismatch', 'layer is not what it claims to be');
    options.onProgress({ status: 'Downloading', id: 'abc', progressDetail: { current: 1, total: 2 } });
    this.names.add(familiarString(parseReference(ref)));
    options.onProgress({ status: `Status: Downloaded newer image for ${ref}` });
  }

  async push(
    ref: string,
    options: ImageTransferOptions & { allTags?: boolean; auth?: { username?: string }; verify?: boolean },
  ): Promise<void> {
    this.#require(ref);
    const all = options.allTags === true ? 'all of ' : '';
    options.onProgress({
      status: `The push refers to repository [${all}${ref}]`,
      id: options.auth?.username ?? '',
    });
  }

  async load(archive: AsyncIterable<Uint8Array>, options: ImageLoadOptions): Promise<void> {
    await this.#receive(archive, options);
    options.onProgress({ stream: `Loaded image: loaded:latest\n` });
  }

  async save(refs: readonly string[], _options: object): Promise<AsyncIterable<Uint8Array>> {
    for (const ref of refs) this.#require(ref);
    return tarOf(refs);
  }

  async import(
    archive: AsyncIterable<Uint8Array>,
    options: ImageTransferOptions & { reference?: string; changes: readonly string[]; message: string },
  ): Promise<string> {
    await this.#receive(archive, options);
    if (options.reference !== undefined) this.names.add(options.reference);
    return id;
  }

  async list({ filters }: { all: boolean; filters: Filters }): Promise<ImageSummary[]> {
    if (filters.has('bogus')) throw new EngineError('invalid', 'invalid-filter', "invalid filter 'bogus'");
    return [...this.names].map((name) => ({
      Id: id,
      ParentId: '',
      RepoTags: [name],
      RepoDigests: [],
      Created: 1_767_323_045,
      Size: 1024,
      SharedSize: -1,
      Labels: {},
      Containers: -1,
    }));
  }

  async inspect(ref: string): Promise<ImageInspect> {
    this.#require(ref);
    return {
      Id: id,
      RepoTags: [ref],
      RepoDigests: [],
      Comment: '',
      Created: someTime,
      Author: '',
      Config: { Cmd: ['sh'] },
      Architecture: 'amd64',
      Os: 'linux',
      Size: 1024,
      GraphDriver: { Name: 'overlayfs', Data: {} },
      RootFS: { Type: 'layers', Layers: [id] },
      Metadata: { LastTagTime: someTime },
    };
  }

  async history(ref: string): Promise<ImageHistoryResponseItem[]> {
    this.#require(ref);
    return [{ Id: id, Created: 1_767_323_045, CreatedBy: 'fake', Tags: [ref], Size: 1024, Comment: '' }];
  }

  async tag(ref: string, repository: string, tag: string): Promise<void> {
    this.#require(ref);
    this.names.add(familiarString(parseReference(`${repository}:${tag}`)));
  }

  async remove(
    ref: string,
    { platforms }: { platforms?: readonly ImagePlatform[] },
  ): Promise<ImageDeleteResponseItem[]> {
    this.#require(ref);
    if (platforms !== undefined)
      return platforms.map(({ os, architecture }) => ({ Deleted: `${os}/${architecture}` }));
    this.names.delete(ref);
    return [{ Untagged: ref }, { Deleted: id }];
  }

  async #receive(
    archive: AsyncIterable<Uint8Array>,
    { signal, onProgress }: ImageTransferOptions,
  ): Promise<void> {
    this.receivedBytes = 0;
    for await (const chunk of archive) {
      signal?.throwIfAborted();
      this.receivedBytes += chunk.length;
      if (Buffer.from(chunk).includes('poison'))
        throw new EngineError('invalid', 'bad-archive', 'archive is poisoned');
      onProgress({
        status: 'Loading layer',
        id: 'abc',
        progressDetail: { current: this.receivedBytes, total: 0 },
      });
    }
  }

  #require(ref: string): void {
    if (!this.names.has(ref) && !this.names.has(`${ref}:latest`) && ref !== id) {
      throw new EngineError('not-found', 'image-not-found', `No such image: ${ref}`);
    }
  }
}

async function* tarOf(refs: readonly string[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(refs.join(','));
  if (refs.some((ref) => ref.includes('broken')))
    throw new EngineError('corrupt', 'blob-corrupt', 'blob is corrupt');
  yield Buffer.alloc(1024);
}
