import { imagePackageUrl } from '@gantry/images';
import { type Digest, digestHex, type Platform, parseReference, withDefaultTag } from '@gantry/oci';

/** Something from outside that a build was made of: where it is, and what it was. */
export interface Material {
  /** A package URL of an image, or the address of a download or repository. */
  readonly uri: string;
  /** By algorithm (`sha256`, `sha1` of a commit), in hexadecimal. */
  readonly digest: Readonly<Record<string, string>>;
}

/** Collects what a build takes from outside, each once. */
export class Materials {
  readonly #materials = new Map<string, Material>();

  /** User and password of an address are left out: whoever gets the image reads its materials. */
  add({ uri, digest }: Material): void {
    const material = { uri: uri.replace(/^(https?:\/\/)[^/?#]*@/i, '$1'), digest };
    this.#materials.set(`${material.uri} ${JSON.stringify(digest)}`, material);
  }

  /** An image by its name, and the digest of what the name stands for. */
  addImage(name: string, { digest, platform }: { digest: Digest; platform: Platform }): void {
    const reference = parseReference(name);
    const uri = imagePackageUrl(
      reference.digest === undefined ? withDefaultTag(reference) : reference,
      platform,
    );
    this.add({ uri, digest: { sha256: digestHex(digest) } });
  }

  /** In the order of their URIs: what runs side by side comes in any order. */
  list(): readonly Material[] {
    return [...this.#materials.values()].toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
  }
}
