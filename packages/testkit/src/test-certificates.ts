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

/** A certificate for signing code, as the Notary Project wants it. */
export interface TestSigner extends TestCertificate {
  /** What signed it last. */
  authority: string;
}

export interface SignerOptions extends Partial<Validity> {
  /** Where revoked certificates are told, which nobody answers at. */
  revocationUrl?: string;
  /** A signer whose key may not sign. */
  withoutKeyUsage?: boolean;
  /** As Fulcio certifies it: an address of mail or a URI, by the word of who issued its token. For signing code. */
  identity?: { subject: string; issuer: string };
}

/** Object identifiers in hexadecimal, and texts. */
type SubjectName = readonly (readonly [id: string, text: string])[];

const commonName = '550403';
const countryName = '550406';

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
    this.cert = this.#certificate([[commonName, name]], publicKey, [
      extension('551d13', true, sequence(boolean(true))),
      // keyCertSign
      extension('551d0f', true, element(0x03, Buffer.from([2, 0x04]))),
    ]);
  }

  /** A certificate for `name`, which is also its one DNS name; good for a century when no times are given. */
  issue(name: string, validity: Partial<Validity> = {}): TestCertificate {
    const { publicKey, privateKey } = newKeys();
    const dnsName = element(0x82, Buffer.from(name));
    return {
      cert: this.#certificate(
        [[commonName, name]],
        publicKey,
        [extension('551d11', false, sequence(dnsName))],
        validity,
      ),
      key: pemOf(privateKey),
    };
  }

  /** A certificate to sign code with. */
  issueSigner(name: string, options: SignerOptions = {}): TestSigner {
    const { publicKey, privateKey } = newKeys();
    const subject: SubjectName = [
      [countryName, 'US'],
      ['550408', 'WA'],
      ['55040a', name],
      [commonName, name],
    ];
    const extensions: Buffer[] = [];
    // digitalSignature
    if (options.withoutKeyUsage !== true)
      extensions.push(extension('551d0f', true, element(0x03, Buffer.from([7, 0x80]))));
    if (options.revocationUrl !== undefined) {
      const address = element(0x86, Buffer.from(options.revocationUrl));
      extensions.push(extension('551d1f', false, sequence(sequence(element(0xa0, element(0xa0, address))))));
    }
    if (options.identity !== undefined) extensions.push(...identityExtensions(options.identity));
    const cert = this.#certificate(subject, publicKey, extensions, options);
    return { cert, key: pemOf(privateKey), authority: this.cert };
  }

  #certificate(
    subject: SubjectName,
    publicKey: KeyObject,
    extensions: readonly Buffer[],
    { from = century.from, to = century.to }: Partial<Validity> = {},
  ): string {
    const algorithm = sequence(objectId('2a8648ce3d040302'));
    const body = sequence(
      element(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      algorithm,
      distinguishedName([[commonName, this.#name]]),
      sequence(generalizedTime(from), generalizedTime(to)),
      distinguishedName(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [element(0xa3, sequence(...extensions))]),
    );
    const signature = sign('sha256', body, this.#key);
    const der = sequence(body, algorithm, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
    const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }
}

function identityExtensions({ subject, issuer }: { subject: string; issuer: string }): Buffer[] {
  const kind = subject.includes('://') ? 0x86 : 0x81;
  return [
    extension('551d25', false, sequence(objectId('2b06010505070303'))),
    extension('551d11', true, sequence(element(kind, Buffer.from(subject)))),
    extension('2b0601040183bf300108', false, element(0x0c, Buffer.from(issuer))),
  ];
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
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

function distinguishedName(parts: SubjectName): Buffer {
  const names = parts.map(([id, value]) => {
    // Countries are written in ASCII, all else in UTF-8.
    const text = element(id === countryName ? 0x13 : 0x0c, Buffer.from(value));
    return element(0x31, sequence(objectId(id), text));
  });
  return sequence(...names);
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [boolean(true)] : [];
  return sequence(objectId(id), ...flag, element(0x04, value));
}
