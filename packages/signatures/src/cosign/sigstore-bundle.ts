import { digestHex, type JsonObject, JsonReader, parseJsonObject } from '@gantry/oci';
import { SignatureFault } from '../errors.ts';
import { requireAnnotations, type SignedClaim } from './claim.ts';
import { bundleLogEntry } from './keyless/log-entry.ts';
import { parseCertificate } from './keyless/verify-keyless.ts';

export const bundleTypes: RegExp = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.3)?\+json/;

const statementType = 'application/vnd.in-toto+json';
const signClaim = 'https://sigstore.dev/cosign/sign/v1';

/**
 * A Sigstore bundle with a DSSE envelope (secure-systems-lab/dsse, "PAE") around an in-toto statement, as cosign writes it with
 * `--new-bundle-format`. An attestation is one too, which says nothing of who let the image out: the statement must be cosign's claim.
 */
export function sigstoreBundle(bytes: Uint8Array): SignedClaim[] {
  const reader = new JsonReader('Sigstore bundle');
  const { dsseEnvelope, verificationMaterial } = parseJsonObject(bytes, 'Sigstore bundle');
  if (dsseEnvelope === undefined) throw new SignatureFault('its Sigstore bundle has no DSSE envelope');
  const { payload, payloadType, signatures } = reader.object(dsseEnvelope, 'dsseEnvelope');
  const statement = Buffer.from(reader.string(payload, 'payload'), 'base64');
  const signed = preAuthentication(reader.string(payloadType, 'payloadType'), statement);
  return reader.array(signatures, 'signatures').map((entry) => ({
    signed,
    signature: Buffer.from(reader.string(reader.object(entry, 'signatures')['sig'], 'sig'), 'base64'),
    ...(verificationMaterial === undefined
      ? {}
      : proofIn(statement, reader.object(verificationMaterial, 'verificationMaterial'))),
    check: (digest, annotations) => {
      if (payloadType !== statementType)
        throw new SignatureFault(`its bundle signs a ${String(payloadType)}`);
      const subject = subjectOf(parseJsonObject(statement, 'in-toto statement'), digestHex(digest));
      requireAnnotations(subject['annotations'], annotations);
    },
  }));
}

/** Of a bundle with a certificate, alone or the first of a chain; one by a key has a name of that. */
function proofIn(payload: Uint8Array, material: JsonObject): Pick<SignedClaim, 'proof'> {
  const reader = new JsonReader('Sigstore bundle');
  const { certificate, x509CertificateChain: chain, tlogEntries } = material;
  const first =
    chain === undefined
      ? certificate
      : reader.array(reader.object(chain, 'x509CertificateChain')['certificates'], 'certificates')[0];
  if (first === undefined) return {};
  return {
    proof: () => {
      const { rawBytes } = reader.object(first, 'certificate');
      const [entry] = reader.array(tlogEntries ?? [], 'tlogEntries');
      if (entry === undefined) throw new SignatureFault('its signature was noted by no transparency log');
      return {
        payload,
        certificate: parseCertificate(Buffer.from(reader.string(rawBytes, 'rawBytes'), 'base64')),
        entry: bundleLogEntry(reader.object(entry, 'tlogEntries')),
      };
    },
  };
}

function preAuthentication(type: string, body: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `;
  return Buffer.concat([Buffer.from(head), body]);
}

function subjectOf({ _type: type, predicateType, subject }: JsonObject, hex: string): JsonObject {
  const reader = new JsonReader('in-toto statement');
  if (!/^https:\/\/in-toto\.io\/Statement\/v(?:0\.1|1)$/.test(String(type)) || predicateType !== signClaim) {
    throw new SignatureFault(`its bundle is an attestation (${String(predicateType)}), not a signature`);
  }
  const found = reader
    .array(subject, 'subject')
    .map((entry) => reader.object(entry, 'subject'))
    .find(({ digest }) => reader.object(digest, 'digest')['sha256'] === hex);
  if (found === undefined) throw new SignatureFault('its bundle is one of another image');
  return found;
}
