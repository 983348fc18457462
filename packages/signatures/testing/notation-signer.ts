import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import type { PutDescriptor } from '@gantry/distribution/testing';
import type { TestSigner } from '@gantry/testkit';
import type { SignatureLayer } from './signed-registry.ts';

export interface NotationOptions {
  signingTime?: Date;
  expiry?: Date;
  scheme?: string;
  /** Further attributes that are marked critical. */
  critical?: Readonly<Record<string, string>>;
}

/** Signatures as notation makes them with a key of P-256. */
export class NotationSigner {
  readonly #signer: TestSigner;

  constructor(signer: TestSigner) {
    this.#signer = signer;
  }

  jws(target: PutDescriptor, options: NotationOptions = {}): SignatureLayer {
    const { signingTime = new Date(), expiry, scheme = 'notary.x509', critical = {} } = options;
    const text = (date: Date): string => date.toISOString().replace(/\.\d+/, '');
    const head = {
      alg: 'ES256',
      cty: 'application/vnd.cncf.notary.payload.v1+json',
      crit: criticalNames(options),
      'io.cncf.notary.signingScheme': scheme,
      'io.cncf.notary.signingTime': text(signingTime),
      ...(expiry === undefined ? {} : { 'io.cncf.notary.expiry': text(expiry) }),
      ...critical,
    };
    const protectedText = Buffer.from(JSON.stringify(head)).toString('base64url');
    const payload = payloadOf(target).toString('base64url');
    const envelope = {
      payload,
      protected: protectedText,
      header: {
        x5c: this.#chain().map((der) => der.toString('base64')),
        'io.cncf.notary.signingAgent': 'test',
      },
      signature: this.#sign(Buffer.from(`${protectedText}.${payload}`)).toString('base64url'),
    };
    return { mediaType: 'application/jose+json', bytes: Buffer.from(JSON.stringify(envelope)) };
  }

  cose(target: PutDescriptor, options: NotationOptions = {}): SignatureLayer {
    const { signingTime = new Date(), expiry, scheme = 'notary.x509', critical = {} } = options;
    const time = (date: Date): Buffer => tagged(1, unsigned(Math.floor(date.getTime() / 1000)));
    const head = map([
      [unsigned(1), negative(-7)],
      [unsigned(2), list(criticalNames(options).map(text))],
      [unsigned(3), text('application/vnd.cncf.notary.payload.v1+json')],
      [text('io.cncf.notary.signingScheme'), text(scheme)],
      [text('io.cncf.notary.signingTime'), time(signingTime)],
      ...(expiry === undefined ? [] : [[text('io.cncf.notary.expiry'), time(expiry)] as const]),
      ...Object.entries(critical).map(([name, value]) => [text(name), text(value)] as const),
    ]);
    const payload = payloadOf(target);
    const signed = list([text('Signature1'), octets(head), octets(Buffer.alloc(0)), octets(payload)]);
    const message = list([
      octets(head),
      map([
        [unsigned(33), list(this.#chain().map(octets))],
        [text('io.cncf.notary.signingAgent'), text('test')],
      ]),
      octets(payload),
      octets(this.#sign(signed)),
    ]);
    return { mediaType: 'application/cose', bytes: tagged(18, message) };
  }

  #chain(): Buffer[] {
    return [this.#signer.cert, this.#signer.authority].map((pem) => new X509Certificate(pem).raw);
  }

  #sign(bytes: Uint8Array): Buffer {
    return sign('sha256', bytes, { key: createPrivateKey(this.#signer.key), dsaEncoding: 'ieee-p1363' });
  }
}

function criticalNames({ expiry, critical = {} }: NotationOptions): string[] {
  const names = ['io.cncf.notary.signingScheme', ...Object.keys(critical)];
  return expiry === undefined ? names : [...names, 'io.cncf.notary.expiry'];
}

function payloadOf({ mediaType, digest, size }: PutDescriptor): Buffer {
  return Buffer.from(JSON.stringify({ targetArtifact: { mediaType, digest, size } }));
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 0x100) return Buffer.from([(major << 5) | 24, argument]);
  if (argument < 0x10000) return Buffer.from([(major << 5) | 25, argument >> 8, argument & 0xff]);
  const bytes = Buffer.alloc(5);
  bytes[0] = (major << 5) | 26;
  bytes.writeUInt32BE(argument, 1);
  return bytes;
}

const unsigned = (value: number): Buffer => head(0, value);
const negative = (value: number): Buffer => head(1, -1 - value);
const octets = (bytes: Uint8Array): Buffer => Buffer.concat([head(2, bytes.length), bytes]);
const text = (value: string): Buffer =>
  Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
const list = (items: readonly Buffer[]): Buffer => Buffer.concat([head(4, items.length), ...items]);
const map = (pairs: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
const tagged = (tag: number, value: Buffer): Buffer => Buffer.concat([head(6, tag), value]);
