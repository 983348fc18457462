import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import { SignaturePolicyError } from '../errors.ts';

/** A public key as `cosign generate-key-pair` writes it: PEM of a SubjectPublicKeyInfo. */
export interface CosignKey {
  /** The name of its file. */
  name: string;
  key: KeyObject;
}

/** Throws `SignaturePolicyError`. ECDSA, RSA (PKCS #1 v1.5) and Ed25519, as cosign takes them; cosign's own are ECDSA P-256. */
export function readCosignKey(file: string): CosignKey {
  let key: KeyObject;
  try {
    const pem = readFileSync(file, 'utf8');
    if (!pem.includes('-----BEGIN PUBLIC KEY-----')) throw new Error('it is not a public key in PEM');
    key = createPublicKey(pem);
  } catch (error) {
    throw new SignaturePolicyError(file, errorMessage(error), error);
  }
  const { asymmetricKeyType: kind = 'unknown' } = key;
  if (!['ec', 'rsa', 'ed25519'].includes(kind)) {
    throw new SignaturePolicyError(file, `keys of type ${kind} are not built; ECDSA, RSA and Ed25519 are`);
  }
  return { name: path.basename(file), key };
}

/** Signatures are over the SHA-256 of the bytes (Ed25519: over the bytes), ECDSA's in DER. */
export function isSignedBy({ key }: CosignKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key, signature);
  } catch {
    return false;
  }
}
