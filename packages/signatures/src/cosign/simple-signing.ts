import { JsonReader, parseJsonObject } from '@gantry/oci';
import { SignatureFault } from '../errors.ts';
import { requireAnnotations, type SignedClaim } from './claim.ts';
import { cosignLogEntry } from './keyless/log-entry.ts';
import { parseCertificate, type SigningProof } from './keyless/verify-keyless.ts';

export const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const signatureAnnotation = 'dev.cosignproject.cosign/signature';

const certificateAnnotation = 'dev.sigstore.cosign/certificate';
const bundleAnnotation = 'dev.sigstore.cosign/bundle';

/**
 * cosign's payload (its SPEC.md, after containers/image's "simple signing"), with the signature that its layer's annotations have, and the
 * certificate and log entry of a keyless one.
 */
export function simpleSigning(
  payload: Uint8Array,
  signature: string,
  annotations: Readonly<Record<string, string>> = {},
): SignedClaim {
  const { [certificateAnnotation]: certificate, [bundleAnnotation]: bundle } = annotations;
  return {
    ...(certificate === undefined ? {} : { proof: () => proofOf(payload, certificate, bundle) }),
    signed: payload,
    signature: Buffer.from(signature, 'base64'),
    check: (digest, annotations) => {
      const reader = new JsonReader('cosign signature');
      const { critical, optional } = parseJsonObject(payload, 'cosign signature');
      const { image, type } = reader.object(critical, 'critical');
      if (type !== 'cosign container image signature') {
        throw new SignatureFault(`its signature is a ${JSON.stringify(type)}, not one of a container image`);
      }
      const { 'docker-manifest-digest': signed } = reader.object(image, 'image');
      if (signed !== digest) throw new SignatureFault(`its signature is one of ${JSON.stringify(signed)}`);
      requireAnnotations(optional, annotations);
    },
  };
}

function proofOf(payload: Uint8Array, certificate: string, bundle: string | undefined): SigningProof {
  if (bundle === undefined) throw new SignatureFault('its signature was noted by no transparency log');
  return { payload, certificate: parseCertificate(certificate), entry: cosignLogEntry(bundle) };
}
