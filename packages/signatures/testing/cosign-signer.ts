import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { SignatureLayer } from './signed-registry.ts';

export interface SimpleSigningOptions {
  /** cosign's `-a key=value`. */
  optional?: Readonly<Record<string, string>> | null;
  type?: string;
}

/** A key pair as cosign makes it, and signatures in cosign's formats. */
export class CosignSigner {
  readonly #key: KeyObject;
  readonly publicKey: string;

  /** With a key of its own, or that of a certificate. */
  constructor(key?: KeyObject) {
    this.#key = key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const publicKey = createPublicKey(this.#key);
    this.publicKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  simpleSigning(
    digest: string,
    { optional = null, type = 'cosign container image signature' }: SimpleSigningOptions = {},
  ): SignatureLayer {
    const bytes = Buffer.from(
      JSON.stringify({
        critical: {
          identity: { 'docker-reference': 'registry.test/team/app' },
          image: { 'docker-manifest-digest': digest },
          type,
        },
        optional,
      }),
    );
    return {
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      bytes,
      annotations: {
        'dev.cosignproject.cosign/signature': sign('sha256', bytes, this.#key).toString('base64'),
      },
    };
  }

  /** A bundle with a DSSE envelope. */
  bundle(
    digest: string,
    { predicateType = 'https://sigstore.dev/cosign/sign/v1' }: { predicateType?: string } = {},
  ): SignatureLayer {
    const payloadType = 'application/vnd.in-toto+json';
    const payload = Buffer.from(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ digest: { sha256: digest.replace('sha256:', '') } }],
        predicateType,
        predicate: {},
      }),
    );
    const signed = Buffer.concat([
      Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
      payload,
    ]);
    const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
    const dsseEnvelope = {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ sig: sign('sha256', signed, this.#key).toString('base64') }],
    };
    return { mediaType, bytes: Buffer.from(JSON.stringify({ mediaType, dsseEnvelope })) };
  }
}
