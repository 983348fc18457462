import type { BlobInfo, BlobLease, BlobStore } from '@gantry/content';
import { digestHex, isDigest, maxDocumentBytes, readTar, type TarEntry, type TarMember } from '@gantry/oci';
import { collect } from '../archives/bounded.ts';
import { InvalidImageError } from '../errors.ts';
import type { ImageLimits } from '../limits.ts';
import { archivePath, linkTarget } from './archive-path.ts';

/** An archive's content, once it has been read through: blobs are in the content store, under the lease. */
export interface SpooledArchive {
  /** Files by path, other than the documents. */
  files: ReadonlyMap<string, BlobInfo>;
  /** Symlinks and hard links: path to path, both within the archive. */
  links: ReadonlyMap<string, string>;
  /** `oci-layout`, `index.json` and `manifest.json`, as far as they are there. */
  documents: ReadonlyMap<string, Uint8Array>;
}

export interface SpoolOptions {
  content: BlobStore;
  lease: BlobLease;
  limits: ImageLimits;
  signal?: AbortSignal;
}

const documentNames: ReadonlySet<string> = new Set(['oci-layout', 'index.json', 'manifest.json']);

/** Of the format before manifest.json; nothing reads them any more. */
const legacyNames: ReadonlySet<string> = new Set(['VERSION', 'json', 'repositories']);

/**
 * Reads an uncompressed archive once, from front to back, in bounded memory. A blob of an OCI layout is verified
 * against its name; the rest is stored under the digest it turns out to have, because manifest.json, which says what it
 * is, comes last. Throws `InvalidImageError` for paths that leave the archive and for what is past a limit,
 * `CorruptTarError`, and what `BlobStore.ingest` throws.
 */
export async function spoolArchive(
  archive: AsyncIterable<Uint8Array>,
  options: SpoolOptions,
): Promise<SpooledArchive> {
  const files = new Map<string, BlobInfo>();
  const links = new Map<string, string>();
  const documents = new Map<string, Uint8Array>();
  let members = 0;
  for await (const member of readTar(archive)) {
    options.signal?.throwIfAborted();
    members += 1;
    if (members > options.limits.archiveMembers) {
      throw new InvalidImageError(`archive has more than ${options.limits.archiveMembers} entries`);
    }
    const { entry } = member;
    const path = archivePath(entry.name);
    if (path === undefined) continue;
    if (entry.type === 'symlink' || entry.type === 'hard-link') {
      links.set(path, linkTarget(path, entry));
    } else if (entry.type === 'file') {
      // A later member of the same path replaces an earlier one.
      links.delete(path);
      if (documentNames.has(path)) {
        documents.set(path, await collect(member.content, maxDocumentBytes, path));
      } else if (isWanted(path)) {
        files.set(path, await spoolFile(path, member, options));
      }
    }
  }
  return { files, links, documents };
}

function isWanted(path: string): boolean {
  if (path.startsWith('blobs/')) return blobDigest(path) !== undefined;
  return !legacyNames.has(path.slice(path.lastIndexOf('/') + 1));
}

/** `sha256:<hex>` of `blobs/sha256/<hex>`. */
function blobDigest(path: string): BlobInfo['digest'] | undefined {
  const [folder, algorithm, hex, ...rest] = path.split('/');
  const digest = `${algorithm}:${hex}`;
  return folder === 'blobs' && rest.length === 0 && isDigest(digest) ? digest : undefined;
}

async function spoolFile(
  path: string,
  { entry, content }: TarMember,
  options: SpoolOptions,
): Promise<BlobInfo> {
  if (entry.segments !== undefined) {
    throw new InvalidImageError(`archive entry ${JSON.stringify(path)} is stored sparse`, { subject: path });
  }
  checkSize(path, entry, options.limits);
  const digest = blobDigest(path);
  return options.content.ingest(content, {
    sizeBytes: entry.sizeBytes,
    lease: options.lease,
    ...(digest === undefined ? {} : { digest }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

function checkSize(path: string, { sizeBytes }: TarEntry, { blobBytes }: ImageLimits): void {
  if (sizeBytes <= blobBytes) return;
  throw new InvalidImageError(
    `archive entry ${JSON.stringify(path)} is ${sizeBytes} bytes; at most ${blobBytes} are accepted`,
    { subject: path },
  );
}

/** The file that a path leads to, over links within the archive; undefined when there is none or they go in a circle. */
export function fileAt(archive: SpooledArchive, path: string): BlobInfo | undefined {
  let current = archivePath(Buffer.from(path));
  for (let hops = 0; hops < 16 && current !== undefined; hops += 1) {
    const file = archive.files.get(current);
    if (file !== undefined) return file;
    current = archive.links.get(current);
  }
  return undefined;
}

/** Where an OCI layout keeps a blob. */
export function blobPath(digest: BlobInfo['digest']): string {
  return `blobs/sha256/${digestHex(digest)}`;
}
