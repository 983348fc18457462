import { ManifestUnknownError, type RemoteDocument } from '@gantry/distribution';
import { digestHex, isManifestType, parseManifest } from '@gantry/oci';
import { faultText, ImageNotVerifiedError, SignatureFault } from '../errors.ts';
import { envelopeBytes, maxSignatures, type SignedImage } from '../signed-image.ts';
import type { SignedClaim } from './claim.ts';
import { type CosignKey, isSignedBy } from './cosign-key.ts';
import { type KeylessTrust, verifyKeyless } from './keyless/verify-keyless.ts';
import { bundleTypes, sigstoreBundle } from './sigstore-bundle.ts';
import { signatureAnnotation, simpleSigning, simpleSigningType } from './simple-signing.ts';

export interface CosignRequirement {
  /** One of them is enough. */
  keys: readonly CosignKey[];
  /** Whose keyless signatures are enough too; undefined when nobody's. */
  keyless: KeylessTrust | undefined;
  /** All of them are wanted in the signed document. */
  annotations: Readonly<Record<string, string>>;
}

/**
 * Verifies a signature that cosign made, with a key or keyless: under the tag `sha256-<digest>.sig`, or as a referrer of the image, each as
 * simple signing or as a Sigstore bundle. Transparency logs are not asked. Resolves with whose it is; throws
 * `ImageNotVerifiedError`, and what asking the repository throws.
 */
export async function verifyCosign(
  image: SignedImage,
  requirement: CosignRequirement,
  signal: AbortSignal,
): Promise<string> {
  const faults = new Set<string>();
  for await (const claim of claims(image, faults, signal)) {
    try {
      const signer = signerOf(claim, requirement);
      claim.check(image.target.digest, requirement.annotations);
      return signer;
    } catch (error) {
      faults.add(faultText(error));
    }
  }
  const reasons = faults.size === 0 ? ['it has no cosign signature'] : [...faults];
  throw new ImageNotVerifiedError(`${image.name}@${image.target.digest}`, reasons);
}

/** Throws `SignatureFault`. */
function signerOf(claim: SignedClaim, { keys, keyless }: CosignRequirement): string {
  const key = keys.find((candidate) => isSignedBy(candidate, claim.signed, claim.signature));
  if (key !== undefined) return `cosign key ${key.name}`;
  if (keyless !== undefined && (claim.proof !== undefined || keys.length === 0)) {
    return `cosign identity ${verifyKeyless(claim, keyless)}`;
  }
  throw new SignatureFault(`no signature of it is by ${keys.map(({ name }) => name).join(' or ')}`);
}

async function* claims(
  image: SignedImage,
  faults: Set<string>,
  signal: AbortSignal,
): AsyncGenerator<SignedClaim> {
  let count = 0;
  for await (const document of signatureManifests(image, signal)) {
    try {
      for await (const claim of claimsOf(image, document, signal)) {
        if (++count > maxSignatures) return;
        yield claim;
      }
    } catch (error) {
      faults.add(faultText(error));
    }
  }
}

/** The one of the tag, then those that refer to the image. */
async function* signatureManifests(
  { target: { digest }, repository }: SignedImage,
  signal: AbortSignal,
): AsyncGenerator<RemoteDocument> {
  const tagged = await repository
    .manifest(`sha256-${digestHex(digest)}.sig`, { signal })
    .catch((error: unknown) => {
      if (error instanceof ManifestUnknownError) return undefined;
      throw error;
    });
  if (tagged !== undefined) yield tagged;
  const referrers = await repository.referrers(digest, { signal });
  const signatures = referrers.filter(({ artifactType = '' }) => isCosignType(artifactType));
  for (const referrer of signatures.slice(0, maxSignatures)) {
    yield await repository.manifest(referrer.digest, { signal });
  }
}

/** The empty type is that of bundles whose registry copies the config's type; their layer says what they are. */
function isCosignType(artifactType: string): boolean {
  return (
    bundleTypes.test(artifactType) ||
    artifactType === 'application/vnd.dev.cosign.artifact.sig.v1+json' ||
    artifactType === 'application/vnd.oci.empty.v1+json'
  );
}

async function* claimsOf(
  { repository }: SignedImage,
  document: RemoteDocument,
  signal: AbortSignal,
): AsyncGenerator<SignedClaim> {
  if (!isManifestType(document.mediaType))
    throw new SignatureFault(`its signature is a ${document.mediaType}`);
  const { layers } = parseManifest(document.bytes, document.mediaType);
  for (const layer of layers.slice(0, maxSignatures)) {
    if (layer.mediaType === simpleSigningType) {
      const signature = layer.annotations?.[signatureAnnotation];
      if (signature === undefined) continue;
      yield simpleSigning(await envelopeBytes(repository, layer, signal), signature, layer.annotations);
    } else if (bundleTypes.test(layer.mediaType)) {
      yield* sigstoreBundle(await envelopeBytes(repository, layer, signal));
    }
  }
}
