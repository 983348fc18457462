import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorMessage } from '@gantry/base';
import { type JsonObject, JsonReader, parseJsonObject } from '@gantry/oci';
import { SignaturePolicyError } from '../../errors.ts';

/** When what it is of was good; without an end it is still. */
export interface ValidTimes {
  from: Date;
  to: Date | undefined;
}

/** Who certifies identities, and the logs that note signatures: Sigstore's `trusted_root.json` (protobuf-specs, `TrustedRoot`). */
export interface TrustedRoot {
  /** Chains from what issues to its root. */
  authorities: readonly { certificates: readonly X509Certificate[]; valid: ValidTimes }[];
  /** By the digest of their key, in hexadecimal. */
  logs: ReadonlyMap<string, { key: KeyObject; valid: ValidTimes }>;
}

const reader = new JsonReader('trusted root');
const rootTypes = /^application\/vnd\.dev\.sigstore\.trustedroot(?:\.v0\.[12])?\+json(?:;version=0\.1)?$/;

/** Throws `SignaturePolicyError` for what is no such file, and one without an authority or a log. */
export function readTrustedRoot(file: string): TrustedRoot {
  try {
    const { mediaType, certificateAuthorities, tlogs } = parseJsonObject(readFileSync(file), 'trusted root');
    if (!rootTypes.test(String(mediaType)))
      throw new Error(`it is a ${String(mediaType)}, not a trusted root`);
    const authorities = objects(certificateAuthorities, 'certificateAuthorities').map(readAuthority);
    const logs = new Map(objects(tlogs, 'tlogs').map(readLog));
    if (authorities.length === 0 || logs.size === 0) {
      throw new Error('it has no authority of certificates, or no log');
    }
    return { authorities, logs };
  } catch (error) {
    throw new SignaturePolicyError(file, errorMessage(error), error);
  }
}

export function isValidAt({ from, to }: ValidTimes, time: Date): boolean {
  return time >= from && (to === undefined || time <= to);
}

function readAuthority({ certChain, validFor }: JsonObject): TrustedRoot['authorities'][number] {
  const { certificates } = reader.object(certChain, 'certChain');
  return {
    certificates: objects(certificates, 'certificates').map(
      ({ rawBytes }) => new X509Certificate(bytesOf(rawBytes, 'rawBytes')),
    ),
    valid: readTimes(validFor),
  };
}

function readLog({ publicKey, logId }: JsonObject): [string, { key: KeyObject; valid: ValidTimes }] {
  const { rawBytes, validFor } = reader.object(publicKey, 'publicKey');
  const { keyId } = reader.object(logId, 'logId');
  const key = createPublicKey({ key: bytesOf(rawBytes, 'rawBytes'), format: 'der', type: 'spki' });
  return [bytesOf(keyId, 'keyId').toString('hex'), { key, valid: readTimes(validFor) }];
}

function readTimes(value: unknown): ValidTimes {
  const { start, end } = value === undefined ? {} : reader.object(value, 'validFor');
  return {
    from: start === undefined ? new Date(0) : readTime(start),
    to: end === undefined ? undefined : readTime(end),
  };
}

function readTime(value: unknown): Date {
  const time = new Date(reader.string(value, 'validFor'));
  return Number.isNaN(time.getTime())
    ? reader.fail(`has a 'validFor' that is no time: ${String(value)}`)
    : time;
}

function objects(value: unknown, field: string): JsonObject[] {
  return reader.array(value ?? [], field).map((entry) => reader.object(entry, field));
}

function bytesOf(value: unknown, field: string): Buffer {
  return Buffer.from(reader.string(value, field), 'base64');
}
