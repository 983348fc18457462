import { type FakeRegistry, type PutDescriptor, putDocument } from '@gantry/distribution/testing';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const emptyType = 'application/vnd.oci.empty.v1+json';

/** Bytes of a signature, as a layer of its manifest. */
export interface SignatureLayer {
  mediaType: string;
  bytes: Uint8Array;
  annotations?: Readonly<Record<string, string>>;
}

interface SignedDocument {
  mediaType: string;
  [field: string]: unknown;
}

/** Signatures in a registry that knows no referrers: they are listed under the tag that the specification falls back to. */
export class SignedRepository {
  readonly registry: FakeRegistry;
  readonly name: string;
  readonly #referrers = new Map<string, PutDescriptor[]>();

  constructor(registry: FakeRegistry, name: string) {
    this.registry = registry;
    this.name = name;
  }

  /** Under cosign's tag of the image. */
  addTagged(image: PutDescriptor, layers: readonly SignatureLayer[]): void {
    this.#put(this.#document(layers), `${tagOf(image)}.sig`);
  }

  /** As a referrer of the image. */
  addReferrer(image: PutDescriptor, artifactType: string, layers: readonly SignatureLayer[]): PutDescriptor {
    const subject = { mediaType: image.mediaType, digest: image.digest, size: image.size };
    const put = this.#put({ ...this.#document(layers), artifactType, subject });
    const referrers = [...(this.#referrers.get(image.digest) ?? []), { ...put, artifactType }];
    this.#referrers.set(image.digest, referrers);
    this.#put({ schemaVersion: 2, mediaType: indexType, manifests: referrers }, tagOf(image));
    return put;
  }

  /** As if nobody had referred to the image. */
  clear(image: PutDescriptor): void {
    this.#referrers.delete(image.digest);
  }

  #document(layers: readonly SignatureLayer[]): SignedDocument {
    const put = ({ bytes, ...layer }: SignatureLayer): object => ({
      ...layer,
      digest: this.registry.putBlob(bytes),
      size: bytes.length,
    });
    const config = put({ mediaType: emptyType, bytes: Buffer.from('{}') });
    return { schemaVersion: 2, mediaType: manifestType, config, layers: layers.map(put) };
  }

  #put(document: SignedDocument, tag?: string): PutDescriptor {
    const { registry, name: repository } = this;
    return putDocument(registry, { repository, document, ...(tag === undefined ? {} : { tag }) });
  }
}

function tagOf({ digest }: PutDescriptor): string {
  return digest.replace(':', '-');
}
