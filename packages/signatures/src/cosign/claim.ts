import type { Digest } from '@gantry/oci';
import { SignatureFault } from '../errors.ts';
import type { SigningProof } from './keyless/verify-keyless.ts';

/** A signed document: what the signature is over, the signature, and what the document says once that holds. */
export interface SignedClaim {
  signed: Uint8Array;
  signature: Uint8Array;
  /** Throws `SignatureFault` when it is about another image, or lacks annotations. Only of a claim whose signature holds. */
  check: (digest: Digest, annotations: Readonly<Record<string, string>>) => void;
  /** Of one with a certificate. Throws `SignatureFault`. */
  proof?: () => SigningProof;
}

/** Throws `SignatureFault`, naming the first that is missing. */
export function requireAnnotations(found: unknown, wanted: Readonly<Record<string, string>>): void {
  const values = typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {};
  for (const [key, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(values, key) || values[key] !== value) {
      throw new SignatureFault(`its signature lacks the annotation ${key}=${value}`);
    }
  }
}
