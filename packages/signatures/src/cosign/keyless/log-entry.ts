import { createHash } from 'node:crypto';
import { type JsonObject, JsonReader, parseJsonObject } from '@gantry/oci';
import { SignatureFault } from '../../errors.ts';
import { isSignedBy } from '../cosign-key.ts';
import { isValidAt, type TrustedRoot } from './trusted-root.ts';

/** What a transparency log (Rekor, API v1) noted of a signature, with its promise that it did. */
export interface LogEntry {
  /** Base64, as it is signed. */
  body: string;
  /** Seconds since 1970. */
  integratedTime: number;
  logIndex: number;
  /** Hexadecimal. */
  logId: string;
  /** The signed entry timestamp. */
  promise: Uint8Array;
}

/** What an entry must be of. */
export interface LoggedSignature {
  payload: Uint8Array;
  signature: Uint8Array;
  /** In PEM. */
  certificate: string;
}

const reader = new JsonReader('entry of a transparency log');

/** Of cosign's annotation `dev.sigstore.cosign/bundle`. Throws `SignatureFault`, and what a document that cannot be read throws. */
export function cosignLogEntry(text: string): LogEntry {
  const { SignedEntryTimestamp: promise, Payload: payload } = parseJsonObject(
    Buffer.from(text),
    'cosign bundle',
  );
  const { body, integratedTime, logIndex, logID } = reader.object(payload, 'Payload');
  return {
    body: reader.string(body, 'body'),
    integratedTime: countOf(integratedTime, 'integratedTime'),
    logIndex: countOf(logIndex, 'logIndex'),
    logId: reader.string(logID, 'logID'),
    promise: base64(promise, 'SignedEntryTimestamp'),
  };
}

/** Of `tlogEntries` of a Sigstore bundle. Throws as `cosignLogEntry`. */
export function bundleLogEntry(entry: JsonObject): LogEntry {
  const { canonicalizedBody, integratedTime, logIndex, logId, inclusionPromise } = entry;
  if (inclusionPromise === undefined || inclusionPromise === null) {
    throw new SignatureFault('its log entry has no signed entry timestamp; other proofs of it are not built');
  }
  return {
    body: reader.string(canonicalizedBody, 'canonicalizedBody'),
    integratedTime: countOf(integratedTime, 'integratedTime'),
    logIndex: countOf(logIndex, 'logIndex'),
    logId: base64(reader.object(logId, 'logId')['keyId'], 'keyId').toString('hex'),
    promise: base64(reader.object(inclusionPromise, 'inclusionPromise')['signedEntryTimestamp'], 'promise'),
  };
}

/** When a trusted log noted it. Throws `SignatureFault` where none did. */
export function loggedAt(entry: LogEntry, logs: TrustedRoot['logs']): Date {
  const { body, integratedTime, logId: logID, logIndex, promise } = entry;
  const time = new Date(integratedTime * 1000);
  const log = logs.get(logID);
  if (log === undefined || !isValidAt(log.valid, time)) {
    throw new SignatureFault(
      `its signature was noted by the log ${logID.slice(0, 16)}, which is not trusted`,
    );
  }
  // Canonical JSON (RFC 8785): names in order, without spaces.
  const signed = Buffer.from(JSON.stringify({ body, integratedTime, logID, logIndex }));
  if (!isSignedBy({ name: 'log', key: log.key }, signed, promise)) {
    throw new SignatureFault('its log entry is not signed by the log');
  }
  return time;
}

/** Throws `SignatureFault` for an entry of another signature, and of a kind that is not built. */
export function checkEntry({ body }: LogEntry, logged: LoggedSignature): void {
  const { kind, apiVersion, spec } = parseJsonObject(
    Buffer.from(body, 'base64'),
    'entry of a transparency log',
  );
  const read = kinds[`${String(kind)} ${String(apiVersion)}`];
  if (read === undefined) {
    throw new SignatureFault(`its log entry is a ${String(kind)} ${String(apiVersion)}, which is not built`);
  }
  const { hash, signature, certificate } = read(reader.object(spec, 'spec'));
  const isOther =
    hash !== createHash('sha256').update(logged.payload).digest('hex') ||
    !signature.equals(logged.signature) ||
    certificate.toString().trim() !== logged.certificate.trim();
  if (isOther) throw new SignatureFault('its log entry is one of another signature');
}

interface Noted {
  /** SHA-256 of the payload, hexadecimal. */
  hash: string;
  signature: Buffer;
  /** PEM. */
  certificate: Buffer;
}

const kinds: Readonly<Record<string, (spec: JsonObject) => Noted>> = {
  'hashedrekord 0.0.1': ({ data, signature }) => {
    const { content, publicKey } = reader.object(signature, 'signature');
    return {
      hash: hashOf(reader.object(data, 'data')['hash']),
      signature: base64(content, 'content'),
      certificate: base64(reader.object(publicKey, 'publicKey')['content'], 'publicKey'),
    };
  },
  'dsse 0.0.1': ({ payloadHash, signatures }) => {
    const { signature, verifier } = onlyOne(signatures);
    return {
      hash: hashOf(payloadHash),
      signature: base64(signature, 'signature'),
      certificate: base64(verifier, 'verifier'),
    };
  },
  'intoto 0.0.2': ({ content }) => {
    const { payloadHash, envelope } = reader.object(content, 'content');
    const { sig, publicKey } = onlyOne(reader.object(envelope, 'envelope')['signatures']);
    return {
      hash: hashOf(payloadHash),
      // Encoded twice.
      signature: Buffer.from(base64(sig, 'sig').toString(), 'base64'),
      certificate: base64(publicKey, 'publicKey'),
    };
  },
};

function hashOf(value: unknown): string {
  const { algorithm, value: hash } = reader.object(value, 'hash');
  if (algorithm !== 'sha256') throw new SignatureFault(`its log entry has a hash by ${String(algorithm)}`);
  return reader.string(hash, 'hash');
}

function onlyOne(value: unknown): JsonObject {
  const [first, ...more] = reader.array(value, 'signatures');
  if (more.length > 0) throw new SignatureFault('its log entry is of several signatures');
  return reader.object(first, 'signatures');
}

/** Numbers of 64 bits are texts in Sigstore's JSON. */
function countOf(value: unknown, field: string): number {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count;
  return reader.fail(`has a '${field}' that is no count`);
}

function base64(value: unknown, field: string): Buffer {
  return Buffer.from(reader.string(value, field), 'base64');
}
