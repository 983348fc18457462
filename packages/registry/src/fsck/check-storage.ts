import { createHash } from 'node:crypto';
import { type Digest, digestHex, isDigest } from '@gantry/oci';
import type { Collection } from '@gantry/state';
import { removeManifest } from '../storage/stored/manifest-documents.ts';
import { change, type StorageContext } from '../storage/stored/storage-context.ts';
import { allAfter } from '../storage/stored/tables.ts';

export interface CheckOptions {
  /** Read every blob and compare its digest; else its being there and its size. */
  readsContent: boolean;
  /** Take away what names something that is not there, so that a client may push it again. */
  repairs: boolean;
}

/** Something that does not fit. */
export interface StorageProblem {
  /** `team/app:v1`, `team/app@sha256:…`. */
  subject: string;
  problem: string;
}

const pageKeys = 500;

/**
 * Compares what a registry knows with what it has: blobs and manifests on the disk, tags of manifests, and what leads from one manifest to
 * another. What nothing names is garbage and no problem. Nobody may push meanwhile.
 */
export async function* checkStorage(
  context: StorageContext,
  { readsContent, repairs }: CheckOptions,
): AsyncGenerator<StorageProblem> {
  const found = new BlobFaults(context, readsContent);
  for (const check of [checkLinks, checkManifests, checkTags, checkReferrers, checkUses]) {
    for await (const { subject, problem, repair } of check(context, found)) {
      if (repairs) await change(context, repair);
      yield { subject, problem };
    }
  }
}

interface Finding extends StorageProblem {
  /** Within a transaction. */
  repair: () => void;
}

/** What is wrong with blobs, each looked at once. */
class BlobFaults {
  readonly #context: StorageContext;
  readonly #readsContent: boolean;
  readonly #known = new Map<Digest, { sizeBytes: number } | string>();

  constructor(context: StorageContext, readsContent: boolean) {
    this.#context = context;
    this.#readsContent = readsContent;
  }

  /** Undefined when the blob is there and of that size. */
  async of(digest: Digest, sizeBytes: number): Promise<string | undefined> {
    const known = this.#known.get(digest) ?? (await this.#look(digest));
    this.#known.set(digest, known);
    if (typeof known === 'string') return known;
    return known.sizeBytes === sizeBytes ? undefined : `is of ${known.sizeBytes} bytes, not ${sizeBytes}`;
  }

  async #look(digest: Digest): Promise<{ sizeBytes: number } | string> {
    const { content } = this.#context;
    const info = await content.stat(digest);
    if (info === undefined) return 'is not on the disk';
    if (!this.#readsContent) return info;
    const hash = createHash('sha256');
    for await (const chunk of content.read(digest)) hash.update(chunk);
    return hash.digest('hex') === digestHex(digest) ? info : 'has other bytes than its digest says';
  }
}

async function* checkLinks(context: StorageContext, found: BlobFaults): AsyncGenerator<Finding> {
  const { links } = context.tables;
  for (const { key, document } of entries(links)) {
    const { repository, digest } = splitKey(key);
    const fault = await found.of(digest, document.sizeBytes);
    if (fault === undefined) continue;
    const repair = (): void => {
      links.delete(key);
      context.onContent({
        kind: 'blob',
        change: 'removed',
        repository,
        digest,
        sizeBytes: document.sizeBytes,
      });
    };
    yield { subject: key, problem: `a blob that ${fault}`, repair };
  }
}

async function* checkManifests(context: StorageContext, found: BlobFaults): AsyncGenerator<Finding> {
  const { manifests, tagsOf } = context.tables;
  for (const { key, document } of entries(manifests)) {
    const { repository, digest } = splitKey(key);
    const fault = await found.of(digest, document.sizeBytes);
    if (fault === undefined) continue;
    const repair = (): void => {
      const tags = allAfter(tagsOf, `${key}:`).map(({ name }) => name);
      removeManifest(context, { repository, manifest: { digest, ...document }, tags });
    };
    yield { subject: key, problem: `a manifest that ${fault}`, repair };
  }
}

async function* checkTags({ tables }: StorageContext): AsyncGenerator<Finding> {
  const { tags, tagsOf, manifests } = tables;
  for (const { key, document } of entries(tags)) {
    const colon = key.lastIndexOf(':');
    const manifest = `${key.slice(0, colon)}@${document.digest}`;
    const back = `${manifest}:${key.slice(colon + 1)}`;
    if (manifests.get(manifest) === undefined) {
      const repair = (): void => {
        tags.delete(key);
        tagsOf.delete(back);
      };
      yield { subject: key, problem: `a tag of the manifest ${document.digest}, which is not there`, repair };
    } else if (tagsOf.get(back) === undefined) {
      yield {
        subject: key,
        problem: 'a tag that its manifest does not know',
        repair: () => tagsOf.put(back, {}),
      };
    }
  }
  for (const { key } of entries(tagsOf)) {
    const { repository, digest, tag } =
      /^(?<repository>[^@]+)@(?<digest>sha256:[0-9a-f]+):(?<tag>.+)$/.exec(key)?.groups ?? {};
    if (tags.get(`${repository}:${tag}`)?.digest === digest) continue;
    yield {
      subject: key,
      problem: 'a manifest’s tag that is another’s',
      repair: () => void tagsOf.delete(key),
    };
  }
}

async function* checkReferrers({ tables }: StorageContext): AsyncGenerator<Finding> {
  yield* checkEdges(tables.referrers, tables.manifests, 'a referrer that is not there');
}

async function* checkUses({ tables }: StorageContext): AsyncGenerator<Finding> {
  yield* checkEdges(tables.uses, tables.manifests, 'a use by a manifest that is not there');
}

/** Keys are `repository@of@manifest`. */
function* checkEdges(
  edges: Collection<unknown>,
  manifests: Collection<unknown>,
  problem: string,
): Generator<Finding> {
  for (const { key } of entries(edges)) {
    const [repository, , manifest] = key.split('@');
    if (manifests.get(`${repository}@${manifest}`) !== undefined) continue;
    yield { subject: key, problem, repair: () => void edges.delete(key) };
  }
}

/** Page by page: what is given may be deleted. */
function* entries<T>(table: Collection<T>): Generator<{ key: string; document: T }> {
  for (let after: string | undefined; ; ) {
    const page = table.page({ limit: pageKeys, ...(after === undefined ? {} : { after }) });
    yield* page;
    after = page.at(-1)?.key;
    if (page.length < pageKeys) return;
  }
}

function splitKey(key: string): { repository: string; digest: Digest } {
  const at = key.indexOf('@');
  const digest = key.slice(at + 1);
  if (!isDigest(digest)) throw new TypeError(`not a key of content: ${key}`);
  return { repository: key.slice(0, at), digest };
}
