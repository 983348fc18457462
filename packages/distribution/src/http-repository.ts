import { createHash } from 'node:crypto';
import type { EngineError } from '@gantry/base';
import {
  type Descriptor,
  type Digest,
  familiarName,
  familiarString,
  isDigest,
  maxDocumentBytes,
  mediaTypes,
  parseDigest,
  parseIndex,
  parseReference,
  type Reference,
  withTag,
} from '@gantry/oci';
import {
  AccessDeniedError,
  BlobUnknownError,
  DigestMismatchError,
  ManifestUnknownError,
  RegistryRefusedError,
} from './errors.ts';
import { readBody, readProblem } from './http/registry-answer.ts';
import { announceReferrer, referrersOfType, taggedReferrers } from './referrers/tagged-referrers.ts';
import type {
  BlobDescriptor,
  BlobOptions,
  ReferrersOptions,
  RemoteDocument,
  RemoteRepository,
  TransferOptions,
  UploadOptions,
} from './remote-repository.ts';
import { rangedBlob } from './transfer/ranged-blob.ts';
import type {
  RegistryAnswer,
  RegistryConnection,
  RepositoryRequest,
} from './transfer/registry-connection.ts';
import type { BlobRequest } from './transfer/resumed-blob.ts';
import { tagPages } from './transfer/tag-pages.ts';
import { uploadBlob } from './transfer/upload-blob.ts';

const acceptedManifests = [
  mediaTypes.index,
  mediaTypes.manifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
].join(', ');

/** A repository behind the distribution API. */
export class HttpRepository implements RemoteRepository {
  readonly #connection: RegistryConnection;
  readonly #reference: Reference;
  readonly #action: 'pull' | 'push';

  constructor(connection: RegistryConnection, reference: Reference, action: 'pull' | 'push') {
    this.#connection = connection;
    this.#reference = reference;
    this.#action = action;
  }

  async manifest(reference: string, { signal }: TransferOptions = {}): Promise<RemoteDocument> {
    const answer = await this.#ask({
      method: 'GET',
      path: `${this.#reference.path}/manifests/${reference}`,
      headers: { Accept: acceptedManifests },
      signal,
      resolvesTag: !isDigest(reference),
    });
    if (answer.status !== 200) throw await this.#refusal(answer, { manifest: reference });
    const bytes = await readBody(answer.response, answer.url.href, maxDocumentBytes);
    const digest = digestOf(bytes);
    const promised = isDigest(reference) ? reference : answer.response.headers['docker-content-digest'];
    if (typeof promised === 'string' && parseDigest(promised) !== digest) {
      throw new DigestMismatchError(this.#named(reference), promised, digest);
    }
    const [mediaType = ''] = (answer.response.headers['content-type'] ?? '').split(';');
    return { mediaType: mediaType.trim(), digest, bytes };
  }

  blob(descriptor: BlobDescriptor, { signal, offset = 0 }: BlobOptions = {}): AsyncIterable<Uint8Array> {
    const path = this.#blobPath(descriptor.digest);
    const request: BlobRequest = {
      descriptor,
      open: (headers, stop) => this.#ask({ method: 'GET', path, headers, signal: stop }),
      refusal: (answer) => this.#refusal(answer, { blob: descriptor.digest }),
      signal,
      offset,
    };
    return rangedBlob(this.#connection, request, this.#connection.ranges);
  }

  tags({ signal }: TransferOptions = {}): AsyncIterable<string> {
    return tagPages(this.#reference.path, {
      ask: (path) => this.#ask({ method: 'GET', path, signal, resolvesTag: true }),
      refusal: (answer) => this.#refusal(answer, {}),
    });
  }

  async hasBlob(digest: Digest, { signal }: TransferOptions = {}): Promise<boolean> {
    const answer = await this.#ask({ method: 'HEAD', path: this.#blobPath(digest), signal });
    answer.response.resume();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw await this.#refusal(answer, {});
  }

  async mountBlob(digest: Digest, fromPath: string, { signal }: TransferOptions = {}): Promise<boolean> {
    const query = new URLSearchParams({ mount: digest, from: fromPath });
    const answer = await this.#ask({
      method: 'POST',
      path: `${this.#reference.path}/blobs/uploads/?${query}`,
      headers: { 'Content-Length': '0' },
      signal,
      alsoFrom: fromPath,
    });
    answer.response.resume();
    // 202: an upload was begun instead, which the registry forgets again.
    return answer.status === 201;
  }

  async putBlob(
    descriptor: BlobDescriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: UploadOptions = {},
  ): Promise<void> {
    await uploadBlob(this.#connection, {
      path: this.#reference.path,
      descriptor,
      open,
      ask: (request) => this.#ask({ ...request, signal: options.signal }),
      refusal: (answer) => this.#refusal(answer, {}),
      ...options,
    });
  }

  async referrers(digest: Digest, { artifactType, signal }: ReferrersOptions = {}): Promise<Descriptor[]> {
    const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType })}`;
    const answer = await this.#ask({
      method: 'GET',
      path: `${this.#reference.path}/referrers/${parseDigest(digest)}${query}`,
      headers: { Accept: mediaTypes.index },
      signal,
    });
    if (answer.status === 404) {
      answer.response.resume();
      return referrersOfType(await taggedReferrers(this, digest, signal), artifactType);
    }
    if (answer.status !== 200) throw await this.#refusal(answer, {});
    const bytes = await readBody(answer.response, answer.url.href, maxDocumentBytes);
    return referrersOfType(parseIndex(bytes, mediaTypes.index).manifests, artifactType);
  }

  async putManifest(
    reference: string,
    { mediaType, bytes, digest }: RemoteDocument,
    { signal }: TransferOptions = {},
  ): Promise<void> {
    const answer = await this.#ask({
      method: 'PUT',
      path: `${this.#reference.path}/manifests/${reference}`,
      headers: { 'Content-Type': mediaType },
      body: () => bytes,
      signal,
    });
    if (answer.status !== 201 && answer.status !== 202) throw await this.#refusal(answer, {});
    answer.response.resume();
    if (answer.response.headers['oci-subject'] === undefined) {
      await announceReferrer(this, { mediaType, bytes, digest }, signal);
    }
    const stored = answer.response.headers['docker-content-digest'];
    if (typeof stored === 'string' && stored !== digest) {
      throw new DigestMismatchError(this.#named(reference), digest, stored);
    }
  }

  #ask(request: Omit<RepositoryRequest, 'scope'> & { alsoFrom?: string }): Promise<RegistryAnswer> {
    const rights = this.#action === 'pull' ? 'pull' : 'pull,push';
    const own = `repository:${this.#reference.path}:${rights}`;
    const { alsoFrom, ...rest } = request;
    const scope = alsoFrom === undefined ? own : `${own} repository:${alsoFrom}:pull`;
    return this.#connection.ask({ ...rest, scope });
  }

  #blobPath(digest: Digest): string {
    return `${this.#reference.path}/blobs/${parseDigest(digest)}`;
  }

  #named(reference: string): string {
    const name = familiarName(this.#reference);
    return isDigest(reference)
      ? `${name}@${reference}`
      : familiarString(withTag(parseReference(name), reference));
  }

  /** The error that an answer stands for, in Docker's words. */
  async #refusal(
    { response, status, url }: RegistryAnswer,
    about: { manifest?: string; blob?: Digest },
  ): Promise<EngineError> {
    const { code, message } = await readProblem(response);
    const words = code === '' ? message : `${code.toLowerCase().replaceAll('_', ' ')}: ${message}`;
    const name = familiarName(this.#reference);
    if (
      status === 401 ||
      status === 403 ||
      code === 'DENIED' ||
      code === 'UNAUTHORIZED' ||
      code === 'NAME_UNKNOWN'
    ) {
      return new AccessDeniedError(this.#action, name, words);
    }
    if (status === 404 && about.manifest !== undefined) {
      return new ManifestUnknownError(this.#named(about.manifest), message);
    }
    if (status === 404 && about.blob !== undefined) return new BlobUnknownError(name, about.blob);
    return new RegistryRefusedError(url.href, status, words);
  }
}

function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}
