import { JsonReader, parseJsonObject } from '@gantry/oci';
import { SignatureFault } from '../errors.ts';
import { requireAnnotations, type SignedClaim } from './claim.ts';

export const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const signatureAnnotation = 'dev.cosignproject.cosign/signature';

/** cosign's payload (its SPEC.md, after containers/image's "simple signing"), with the signature that its layer's annotation has. */
export function simpleSigning(payload: Uint8Array, signature: string): SignedClaim {
  return {
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
