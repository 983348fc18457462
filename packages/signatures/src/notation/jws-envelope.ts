import { JsonReader, parseJsonObject } from '@gantry/oci';
import { SignatureFault } from '../errors.ts';
import type { NotationEnvelope } from './envelope.ts';
import { verifyEnvelope } from './signature-algorithm.ts';
import { readAttributes, readCertificates } from './signed-attributes.ts';

export const jwsType = 'application/jose+json';

const reader = new JsonReader('JWS signature');
const standard = ['alg', 'cty', 'crit'];

/** An envelope in JWS' flattened JSON (RFC 7515, 7.2.2; Notary Project, "JWS signature"). Throws `SignatureFault`, `InvalidDocumentError`. */
export function jwsEnvelope(bytes: Uint8Array): NotationEnvelope {
  const { payload, protected: head, header, signature } = parseJsonObject(bytes, 'JWS signature');
  const protectedText = reader.string(head, 'protected');
  const payloadText = reader.string(payload, 'payload');
  const chain = reader.strings(reader.object(header, 'header')['x5c'], 'x5c');
  const certificates = readCertificates(chain.map((der) => Buffer.from(der, 'base64')));
  const fields = parseJsonObject(Buffer.from(protectedText, 'base64url'), 'JWS protected header');
  verifyEnvelope(reader.string(fields['alg'], 'alg'), {
    signed: Buffer.from(`${protectedText}.${payloadText}`),
    signature: Buffer.from(reader.string(signature, 'signature'), 'base64url'),
    key: certificates[0].publicKey,
  });
  const attributes = readAttributes({
    contentType: fields['cty'],
    critical: reader.array(fields['crit'] ?? [], 'crit'),
    values: new Map(Object.entries(fields).filter(([name]) => !standard.includes(name))),
    time: dateOf,
  });
  return { ...attributes, payload: Buffer.from(payloadText, 'base64url'), certificates };
}

function dateOf(value: unknown): Date {
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value);
  const time = new Date(isTime ? value : Number.NaN);
  if (Number.isNaN(time.getTime())) throw new SignatureFault('its signature has a time that is none');
  return time;
}
