import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import {
  bits,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octets,
  sequence,
  set,
  text,
  time,
} from './der.ts';

export interface PemPair {
  certificate: string;
  key: string;
}

interface Validity {
  commonName: string;
  notBefore: Date;
  notAfter: Date;
}

interface CertificateFields extends Validity {
  issuerName: string;
  publicKey: KeyObject;
  signingKey: KeyObject;
  extensions: readonly Buffer[];
}

const identifiers = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
};
const keyUsages = {
  digitalSignature: bits(Uint8Array.of(0x80), 7),
  certificatesAndLists: bits(Uint8Array.of(0x06), 1),
};

/** A private key of the curve P-256. */
export function makeKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** A self-signed authority (RFC 5280) that signs servers' certificates and no other authorities; its key is of P-256. */
export function makeAuthority(validity: Validity): PemPair {
  const privateKey = makeKey();
  const publicKey = createPublicKey(privateKey);
  const certificate = makeCertificate({
    ...validity,
    issuerName: validity.commonName,
    publicKey,
    signingKey: privateKey,
    extensions: [
      extension('basicConstraints', sequence(boolean(true), integer(Uint8Array.of(0))), { isCritical: true }),
      extension('keyUsage', keyUsages.certificatesAndLists, { isCritical: true }),
      extension('subjectKeyIdentifier', octets(keyIdentifier(publicKey))),
    ],
  });
  return { certificate, key: exportKey(privateKey) };
}

/** A certificate of a server with these host names and addresses; it ends with its authority at the latest. */
export function makeServerCertificate(
  validity: Validity,
  { names, authority, key: privateKey }: { names: readonly string[]; authority: PemPair; key: KeyObject },
): PemPair {
  const issuer = new X509Certificate(authority.certificate);
  const publicKey = createPublicKey(privateKey);
  const { notAfter } = validity;
  const certificate = makeCertificate({
    ...validity,
    notAfter: notAfter < issuer.validToDate ? notAfter : issuer.validToDate,
    issuerName: issuer.subject.replace(/^CN=/, ''),
    publicKey,
    signingKey: createPrivateKey(authority.key),
    extensions: [
      extension('basicConstraints', sequence(), { isCritical: true }),
      extension('keyUsage', keyUsages.digitalSignature, { isCritical: true }),
      extension('extendedKeyUsage', sequence(objectIdentifier(identifiers.serverAuthentication))),
      extension('subjectAlternativeName', sequence(...names.map(alternativeName))),
      extension('subjectKeyIdentifier', octets(keyIdentifier(publicKey))),
      extension('authorityKeyIdentifier', sequence(implicit(0, keyIdentifier(issuer.publicKey)))),
    ],
  });
  return { certificate, key: exportKey(privateKey) };
}

function makeCertificate(fields: CertificateFields): string {
  const algorithm = sequence(objectIdentifier(identifiers.ecdsaWithSha256));
  const signed = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(serialNumber()),
    algorithm,
    nameOf(fields.issuerName),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    nameOf(fields.commonName),
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...fields.extensions)),
  );
  const signature = sign('sha256', signed, fields.signingKey);
  return new X509Certificate(sequence(signed, algorithm, bits(signature))).toString();
}

/** Positive, with 127 random bits, and never shorter than 16 octets. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(identifiers.commonName), text(commonName))));
}

function extension(
  name: keyof typeof identifiers,
  value: Uint8Array,
  { isCritical = false }: { isCritical?: boolean } = {},
): Buffer {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectIdentifier(identifiers[name]), ...critical, octets(value));
}

/** sha1 of the key's bits (RFC 5280, 4.2.1.2): a name, not a proof. P-256's are the last 65 octets of its SPKI. */
function keyIdentifier(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha1').update(spki.subarray(-65)).digest();
}

/** An address is an `iPAddress` (7), anything else a `dNSName` (2). */
function alternativeName(name: string): Buffer {
  if (isIPv4(name)) return implicit(7, Uint8Array.from(name.split('.').map(Number)));
  return isIPv6(name) ? implicit(7, ipv6Octets(name)) : implicit(2, Buffer.from(name, 'ascii'));
}

/** The URL parser writes an address in its shortest form, without embedded IPv4. */
function ipv6Octets(address: string): Uint8Array {
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const first = head.split(':').filter((group) => group !== '');
  const last = (tail ?? '').split(':').filter((group) => group !== '');
  const groups = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
