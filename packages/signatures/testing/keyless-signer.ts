import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import type { TestSigner } from '@gantry/testkit';
import { CosignSigner } from './cosign-signer.ts';
import type { SignatureLayer } from './signed-registry.ts';

/** A transparency log as Rekor is one, with a key of its own. */
export class TestLog {
  readonly #key: KeyObject;
  readonly #publicKey: Buffer;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.#publicKey = publicKey.export({ type: 'spki', format: 'der' });
  }

  get id(): Buffer {
    return createHash('sha256').update(this.#publicKey).digest();
  }

  /** The entry and the log's promise of it. */
  note(document: object, integratedTime: number): { body: string; logIndex: number; promise: string } {
    const body = Buffer.from(JSON.stringify(document)).toString('base64');
    const logIndex = 7;
    const signed = JSON.stringify({ body, integratedTime, logID: this.id.toString('hex'), logIndex });
    return { body, logIndex, promise: sign('sha256', Buffer.from(signed), this.#key).toString('base64') };
  }

  /** A `trusted_root.json` of this log and an authority. */
  trustedRoot(authority: string, validFor: object = { start: '2020-01-01T00:00:00Z' }): string {
    return JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [
        {
          publicKey: {
            rawBytes: this.#publicKey.toString('base64'),
            validFor: { start: '2020-01-01T00:00:00Z' },
          },
          logId: { keyId: this.id.toString('base64') },
        },
      ],
      certificateAuthorities: [
        {
          certChain: { certificates: [{ rawBytes: new X509Certificate(authority).raw.toString('base64') }] },
          validFor,
        },
      ],
    });
  }
}

export interface KeylessOptions {
  /** When the log noted it. */
  at?: Date;
  /** What the log notes in the place of the signature's own payload. */
  notedPayload?: Uint8Array;
}

/** Signatures of cosign without a key of one's own: by a certificate of minutes, noted by a log. */
export class KeylessSigner {
  readonly #signer: TestSigner;
  readonly #log: TestLog;
  readonly #cosign: CosignSigner;

  constructor(signer: TestSigner, log: TestLog) {
    this.#signer = signer;
    this.#log = log;
    this.#cosign = new CosignSigner(createPrivateKey(signer.key));
  }

  simpleSigning(digest: string, { at = new Date(), notedPayload }: KeylessOptions = {}): SignatureLayer {
    const layer = this.#cosign.simpleSigning(digest);
    const integratedTime = Math.floor(at.getTime() / 1000);
    const { body, logIndex, promise } = this.#log.note(
      {
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: hashOf(notedPayload ?? layer.bytes) } },
          signature: {
            content: layer.annotations?.['dev.cosignproject.cosign/signature'],
            publicKey: { content: Buffer.from(this.#signer.cert).toString('base64') },
          },
        },
      },
      integratedTime,
    );
    const bundle = {
      SignedEntryTimestamp: promise,
      Payload: { body, integratedTime, logIndex, logID: this.#log.id.toString('hex') },
    };
    return {
      ...layer,
      annotations: {
        ...layer.annotations,
        'dev.sigstore.cosign/certificate': this.#signer.cert,
        'dev.sigstore.cosign/chain': this.#signer.authority,
        'dev.sigstore.cosign/bundle': JSON.stringify(bundle),
      },
    };
  }

  /** A Sigstore bundle; without the log's promise when it is said so. */
  bundle(digest: string, { withPromise = true }: { withPromise?: boolean } = {}): SignatureLayer {
    const { mediaType, bytes } = this.#cosign.bundle(digest);
    const { dsseEnvelope } = JSON.parse(Buffer.from(bytes).toString()) as {
      dsseEnvelope: { payload: string; signatures: { sig: string }[] };
    };
    const integratedTime = Math.floor(Date.now() / 1000);
    const { body, logIndex, promise } = this.#log.note(
      {
        apiVersion: '0.0.1',
        kind: 'dsse',
        spec: {
          payloadHash: { algorithm: 'sha256', value: hashOf(Buffer.from(dsseEnvelope.payload, 'base64')) },
          signatures: [
            {
              signature: dsseEnvelope.signatures[0]?.sig,
              verifier: Buffer.from(this.#signer.cert).toString('base64'),
            },
          ],
        },
      },
      integratedTime,
    );
    const verificationMaterial = {
      certificate: { rawBytes: new X509Certificate(this.#signer.cert).raw.toString('base64') },
      tlogEntries: [
        {
          logIndex: String(logIndex),
          logId: { keyId: this.#log.id.toString('base64') },
          integratedTime: String(integratedTime),
          ...(withPromise ? { inclusionPromise: { signedEntryTimestamp: promise } } : {}),
          canonicalizedBody: body,
        },
      ],
    };
    return {
      mediaType,
      bytes: Buffer.from(JSON.stringify({ mediaType, dsseEnvelope, verificationMaterial })),
    };
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
