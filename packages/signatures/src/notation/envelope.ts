import type { X509Certificate } from 'node:crypto';

/** A Notary Project signature whose signature fits its certificate; whether the certificate is trusted is another question. */
export interface NotationEnvelope {
  /** The signed document. */
  payload: Uint8Array;
  scheme: 'notary.x509' | 'notary.x509.signingAuthority';
  signingTime: Date;
  /** After that it does not count; never when missing. */
  expiry: Date | undefined;
  /** The signer's first, the root last. */
  certificates: readonly [X509Certificate, ...X509Certificate[]];
}

export const payloadType = 'application/vnd.cncf.notary.payload.v1+json';

/** Signed attributes that say more than how to read the signature. One that is marked critical and not here is refused. */
export const attributes = {
  scheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticSigningTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
} as const;
