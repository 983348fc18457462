import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, as PEM. */
export interface TestCertificate {
  cert: string;
  key: string;
}

/** As X.509 writes times: `20200101000000Z`. */
export interface Validity {
  from: string;
  to: string;
}

const century: Validity = { from: '20200101000000Z', to: '21200101000000Z' };

/** A certificate authority of the test's own, made in memory: X.509 (RFC 5280) with P-256 keys, and nothing beyond what TLS needs. */
export class TestAuthority {
  readonly cert: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name: string) {
    const { publicKey, privateKey } = newKeys();
    this.#name = name;
    this.#key = privateKey;
    this.cert = this.#certificate(name, publicKey, extension('551d13', true, sequence(boolean(true))));
  }

  /** A certificate for `name`, which is also its one DNS name; good for a century when no times are given. */
  issue(name: string, validity: Partial<Validity> = {}): TestCertificate {
    const { publicKey, privateKey } = newKeys();
    const dnsName = element(0x82, Buffer.from(name));
    return {
      cert: this.#certificate(name, publicKey, extension('551d11', false, sequence(dnsName)), {
        ...century,
        ...validity,
      }),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  #certificate(
    subject: string,
    publicKey: KeyObject,
    extensions: Buffer,
    { from, to }: Validity = century,
  ): string {
    const algorithm = sequence(objectId('2a8648ce3d040302'));
    const body = sequence(
      element(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      algorithm,
      distinguishedName(this.#name),
      sequence(generalizedTime(from), generalizedTime(to)),
      distinguishedName(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      element(0xa3, sequence(extensions)),
    );
    const signature = sign('sha256', body, this.#key);
    const der = sequence(body, algorithm, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
    const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const head = length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: Buffer[]): Buffer => element(0x30, Buffer.concat(parts));
const integer = (bytes: Buffer): Buffer => element(0x02, bytes);
const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]));
const objectId = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'));
const generalizedTime = (text: string): Buffer => element(0x18, Buffer.from(text));

function distinguishedName(commonName: string): Buffer {
  const name = sequence(objectId('550403'), element(0x0c, Buffer.from(commonName)));
  return sequence(element(0x31, name));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [boolean(true)] : [];
  return sequence(objectId(id), ...flag, element(0x04, value));
}
