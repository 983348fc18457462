import type { X509Certificate } from 'node:crypto';

/** What Node does not tell of a certificate (RFC 5280, 4.2.1). */
export interface CertificateExtensions {
  /** The bit of the key usage; undefined where there is none. */
  signsDigests: boolean | undefined;
  /** Certificates below it in a chain, its own leaf not counted; undefined without a limit. */
  maxDepth: number | undefined;
  /** It says where lists of revoked certificates are. */
  hasRevocationList: boolean;
}

const keyUsage = '551d0f';
const basicConstraints = '551d13';
const revocationLists = '551d1f';

/** Reads them from a certificate that OpenSSL has parsed already. */
export function certificateExtensions({ raw }: X509Certificate): CertificateExtensions {
  const values = extensionValues(raw);
  const usage = values.get(keyUsage);
  const constraints = values.get(basicConstraints);
  // keyUsage is a BIT STRING: a count of unused bits, then the bits, digitalSignature the first.
  const bits = usage === undefined ? undefined : elements(usage)[0]?.content[1];
  const depth =
    constraints === undefined ? undefined : elements(elements(constraints)[0]?.content).find(isInteger);
  return {
    signsDigests: usage === undefined ? undefined : ((bits ?? 0) & 0x80) !== 0,
    maxDepth: depth?.content.reduce((sum, byte) => sum * 256 + byte, 0),
    hasRevocationList: values.has(revocationLists),
  };
}

/** Whom a certificate of a keyless signature is for, by whose word (Fulcio: docs/oid-info.md). */
export interface CertifiedIdentity {
  /** Addresses of its subject: of mail, or of what signed. */
  subjects: readonly string[];
  /** The issuer of the token that proved it; undefined where it does not say. */
  issuer: string | undefined;
}

const alternativeName = '551d11';
const tokenIssuer = '2b0601040183bf300108';
/** The same as bare text, as first certificates had it. */
const tokenIssuerText = '2b0601040183bf300101';
const mailAddress = 0x81;
const uniformIdentifier = 0x86;

/** Reads it from a certificate that OpenSSL has parsed already. */
export function certifiedIdentity({ raw }: X509Certificate): CertifiedIdentity {
  const values = extensionValues(raw);
  const [names] = elements(values.get(alternativeName));
  const subjects = elements(names?.content)
    .filter(({ tag }) => tag === mailAddress || tag === uniformIdentifier)
    .map(({ content }) => Buffer.from(content).toString());
  const issuer = elements(values.get(tokenIssuer))[0]?.content ?? values.get(tokenIssuerText);
  return { subjects, issuer: issuer === undefined ? undefined : Buffer.from(issuer).toString() };
}

interface Element {
  tag: number;
  content: Uint8Array;
}

function isInteger({ tag }: Element): boolean {
  return tag === 0x02;
}

/** By the object identifier's bytes in hexadecimal. */
function extensionValues(der: Uint8Array): Map<string, Uint8Array> {
  const [certificate] = elements(der);
  const [body] = elements(certificate?.content);
  const explicit = elements(body?.content).find(({ tag }) => tag === 0xa3);
  const [list] = elements(explicit?.content);
  return new Map(
    elements(list?.content).flatMap(({ content }) => {
      const parts = elements(content);
      const [id, value] = [parts[0], parts.at(-1)];
      return id === undefined || value === undefined
        ? []
        : [[Buffer.from(id.content).toString('hex'), value.content]];
    }),
  );
}

/** The elements of DER that follow each other. What is cut off is left out. */
function elements(der: Uint8Array = new Uint8Array()): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= der.length; ) {
    const tag = der[at] ?? 0;
    const first = der[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + lengthBytes;
    const length =
      lengthBytes === 0 ? first : der.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
    if (lengthBytes > 4 || start + length > der.length) break;
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
