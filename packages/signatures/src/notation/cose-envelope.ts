import { SignatureFault } from '../errors.ts';
import { CborMap, CborTagged, type CborValue, decodeCbor } from './cbor.ts';
import type { NotationEnvelope } from './envelope.ts';
import { verifyEnvelope } from './signature-algorithm.ts';
import { readAttributes, readCertificates } from './signed-attributes.ts';

export const coseType = 'application/cose';

const sign1Tag = 18;
const epochTag = 1;
/** Labels of headers (RFC 9052, 3.1; RFC 9360). */
const label = { algorithm: 1, critical: 2, contentType: 3, chain: 33 } as const;
/** By IANA's numbers. */
const algorithmNames = new Map<CborValue | undefined, string>([
  [-37, 'PS256'],
  [-38, 'PS384'],
  [-39, 'PS512'],
  [-7, 'ES256'],
  [-35, 'ES384'],
  [-36, 'ES512'],
]);

/** An envelope as COSE_Sign1 (RFC 9052, 4.2; Notary Project, "COSE signature"). Throws `SignatureFault`. */
export function coseEnvelope(bytes: Uint8Array): NotationEnvelope {
  const message = decodeCbor(bytes);
  if (!(message instanceof CborTagged) || message.tag !== sign1Tag || !Array.isArray(message.value)) {
    throw malformed('it is no COSE_Sign1');
  }
  const [head, unprotected, payload, signature, ...more] = message.value;
  if (
    !isBytes(head) ||
    !(unprotected instanceof CborMap) ||
    !isBytes(payload) ||
    !isBytes(signature) ||
    more.length > 0
  ) {
    throw malformed('it is no COSE_Sign1');
  }
  const fields = decodeCbor(head);
  if (!(fields instanceof CborMap)) throw malformed('its protected header is no map');
  const certificates = readCertificates(chainOf(unprotected.get(label.chain)));
  const algorithm = fields.get(label.algorithm);
  verifyEnvelope(algorithmNames.get(algorithm) ?? JSON.stringify(algorithm), {
    signed: toBeSigned(head, payload),
    signature,
    key: certificates[0].publicKey,
  });
  const critical = fields.get(label.critical) ?? [];
  if (!Array.isArray(critical)) throw malformed('its list of critical headers is none');
  const attributes = readAttributes({
    contentType: fields.get(label.contentType),
    critical,
    values: new Map(
      [...fields].flatMap(([key, value]) => (typeof key === 'string' ? [[key, value] as const] : [])),
    ),
    time: dateOf,
  });
  return { ...attributes, payload, certificates };
}

/** Sig_structure of one signer without further data (RFC 9052, 4.4). */
function toBeSigned(head: Uint8Array, payload: Uint8Array): Buffer {
  const context = Buffer.from('Signature1');
  return Buffer.concat([
    Uint8Array.of(0x84, 0x60 | context.length),
    context,
    byteString(head),
    byteString(new Uint8Array()),
    byteString(payload),
  ]);
}

function byteString(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  if (bytes.length > 0xffff) head[0] = 0x5a;
  else if (bytes.length > 0xff) return Buffer.concat([Uint8Array.of(0x59), head.subarray(3), bytes]);
  else if (bytes.length > 23) return Buffer.concat([Uint8Array.of(0x58, bytes.length), bytes]);
  else return Buffer.concat([Uint8Array.of(0x40 | bytes.length), bytes]);
  return Buffer.concat([head, bytes]);
}

/** One certificate alone is not wrapped into a list. */
function chainOf(value: CborValue | undefined): Uint8Array[] {
  const chain = Array.isArray(value) ? value : [value ?? null];
  return chain.map((der) => (isBytes(der) ? der : fail('it has a certificate that is none')));
}

function dateOf(value: unknown): Date {
  if (!(value instanceof CborTagged) || value.tag !== epochTag || typeof value.value !== 'number') {
    throw malformed('it has a time that is none');
  }
  return new Date(value.value * 1000);
}

function isBytes(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}

function fail(problem: string): never {
  throw malformed(problem);
}

function malformed(problem: string): SignatureFault {
  return new SignatureFault(`its COSE signature is malformed: ${problem}`);
}
