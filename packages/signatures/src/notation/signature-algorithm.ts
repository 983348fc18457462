import { constants, type KeyObject, verify } from 'node:crypto';
import { SignatureFault } from '../errors.ts';

interface Algorithm {
  hash: 'sha256' | 'sha384' | 'sha512';
  fits: (key: KeyObject) => boolean;
}

const curve =
  (name: string) =>
  (key: KeyObject): boolean =>
    key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === name;
const modulus =
  (bits: number) =>
  (key: KeyObject): boolean =>
    key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === bits;

/** Those of the Notary Project ("Signature algorithm requirements"): each belongs to one kind of key. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  PS256: { hash: 'sha256', fits: modulus(2048) },
  PS384: { hash: 'sha384', fits: modulus(3072) },
  PS512: { hash: 'sha512', fits: modulus(4096) },
  ES256: { hash: 'sha256', fits: curve('prime256v1') },
  ES384: { hash: 'sha384', fits: curve('secp384r1') },
  ES512: { hash: 'sha512', fits: curve('secp521r1') },
};

/** Throws `SignatureFault` when the algorithm is not known, does not belong to the key, or the signature is not the key's. */
export function verifyEnvelope(
  algorithm: string,
  { signed, signature, key }: { signed: Uint8Array; signature: Uint8Array; key: KeyObject },
): void {
  const known = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined;
  if (known === undefined) throw new SignatureFault(`its signature is by ${algorithm}, which is not known`);
  if (!known.fits(key))
    throw new SignatureFault(`its signature is by ${algorithm}, which its key is not for`);
  const options = algorithm.startsWith('PS')
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { key, dsaEncoding: 'ieee-p1363' as const };
  if (!verify(known.hash, signed, options, signature)) {
    throw new SignatureFault('its signature does not fit its certificate');
  }
}
