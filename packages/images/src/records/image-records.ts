import { canonicalName, canonicalString, type Descriptor, type Digest, parseReference } from '@gantry/oci';
import type { Collection, MetadataStore } from '@gantry/state';

/** What is kept of an image beside its blobs. */
export interface ImageRecord {
  /** Of its manifest, or of its index when it has several platforms; its digest is the image's id. */
  target: Descriptor;
  /** When the image says it was made (RFC 3339); undefined when it does not. */
  created?: string;
  /** Unpacked size of the layers of the platform that runs here. */
  sizeBytes: number;
  /** `linux/amd64`, … as far as their content is here. */
  platforms: string[];
  /** When it came here (RFC 3339). */
  recordedAt: string;
}

/** What a name stands for. Keys are canonical: `docker.io/library/debian:bookworm`. */
export interface NameRecord {
  imageId: Digest;
  /** RFC 3339. */
  taggedAt: string;
}

/** Images and their names, durable. All calls are synchronous; several in one `transaction` happen together or not at all. */
export class ImageRecords {
  readonly #store: MetadataStore;
  readonly #images: Collection<ImageRecord>;
  readonly #names: Collection<NameRecord>;

  constructor(store: MetadataStore) {
    this.#store = store;
    this.#images = store.collection('images', { version: 1 });
    this.#names = store.collection('image-names', { version: 1 });
  }

  transaction<T>(work: () => T): T {
    return this.#store.transaction(work);
  }

  image(id: Digest): ImageRecord | undefined {
    return this.#images.get(id);
  }

  images(): { id: Digest; record: ImageRecord }[] {
    return this.#images.entries().map(({ key, document }) => ({ id: key as Digest, record: document }));
  }

  putImage(id: Digest, record: ImageRecord): void {
    this.#images.put(id, record);
  }

  deleteImage(id: Digest): boolean {
    return this.#images.delete(id);
  }

  name(canonical: string): NameRecord | undefined {
    return this.#names.get(canonical);
  }

  names(): { name: string; record: NameRecord }[] {
    return this.#names.entries().map(({ key, document }) => ({ name: key, record: document }));
  }

  /** In order of name. */
  namesOf(id: Digest): string[] {
    return this.names()
      .filter(({ record }) => record.imageId === id)
      .map(({ name }) => name);
  }

  /** Canonical names with the given repository (`docker.io/library/debian`). */
  namesIn(repository: string): { name: string; record: NameRecord }[] {
    return this.names().filter(({ name }) => repositoryOf(name) === repository);
  }

  putName(name: string, record: NameRecord): void {
    this.#names.put(canonicalString(parseReference(name)), record);
  }

  deleteName(canonical: string): boolean {
    return this.#names.delete(canonical);
  }
}

/** `docker.io/library/debian` of `docker.io/library/debian:bookworm`. */
function repositoryOf(canonical: string): string {
  return canonicalName(parseReference(canonical));
}
