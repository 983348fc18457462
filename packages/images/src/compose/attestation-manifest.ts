import type { BlobLease, BlobStore } from '@gantry/content';
import { type Descriptor, digestHex, type ImageManifest, mediaTypes } from '@gantry/oci';
import { storeJson } from '../keeping/store-documents.ts';
import type { Attestation } from './image-format.ts';

const statementType = 'application/vnd.in-toto+json';

export interface AttestationRequest {
  attestations: readonly Attestation[];
  /** The manifest that they are about. */
  about: Descriptor;
  /** What the image is called, as package URLs. */
  names: readonly string[];
  /** OCI 1.1's words: an artifact with a subject. */
  asArtifact: boolean;
}

/**
 * Stores attestations as an index carries them (BuildKit's docs/attestations/attestation-storage.md): a manifest whose layers are
 * in-toto statements, for no platform, whose descriptor names the manifest that it is about.
 */
export async function storeAttestations(
  content: BlobStore,
  lease: BlobLease,
  { attestations, about, names, asArtifact }: AttestationRequest,
): Promise<Descriptor> {
  const layers: Descriptor[] = [];
  const subjectDigest = { sha256: digestHex(about.digest) };
  const subjects = (names.length > 0 ? names : ['_']).map((name) => ({ name, digest: subjectDigest }));
  for (const attestation of attestations) {
    const layer = await storeJson(content, lease, {
      mediaType: statementType,
      document: inTotoStatement(attestation, subjects),
    });
    layers.push({ ...layer, annotations: { 'in-toto.io/predicate-type': attestation.predicateType } });
  }
  const { mediaType, digest, size } = about;
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    ...(asArtifact && { artifactType: 'application/vnd.docker.attestation.manifest.v1+json' }),
    config: asArtifact
      ? await storeJson(content, lease, { mediaType: 'application/vnd.oci.empty.v1+json', document: {} })
      : await storeJson(content, lease, { mediaType: mediaTypes.config, document: configOf(layers) }),
    layers,
    ...(asArtifact && { subject: { mediaType, digest, size } }),
  };
  const stored = await storeJson(content, lease, { mediaType: mediaTypes.manifest, document: manifest });
  return {
    ...stored,
    annotations: {
      'vnd.docker.reference.digest': about.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
    platform: { architecture: 'unknown', os: 'unknown' },
  };
}

/** What a statement is about: a name and digests by algorithm, in hexadecimal. */
export interface StatementSubject {
  name: string;
  digest: Readonly<Record<string, string>>;
}

/** in-toto's statement 0.1, which readers of SLSA and SPDX predicates expect. */
export function inTotoStatement(
  { predicateType, predicate }: Attestation,
  subject: readonly StatementSubject[],
): object {
  return { _type: 'https://in-toto.io/Statement/v0.1', predicateType, subject, predicate };
}

function configOf(layers: readonly Descriptor[]): object {
  return {
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
}
