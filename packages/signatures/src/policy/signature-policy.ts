import { readFileSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import {
  checkedFields,
  type FieldCheck,
  type JsonObject,
  JsonReader,
  namePatternExpression,
  parseJsonObject,
} from '@gantry/oci';
import { readCosignKey } from '../cosign/cosign-key.ts';
import { readTrustedRoot } from '../cosign/keyless/trusted-root.ts';
import type { KeylessTrust } from '../cosign/keyless/verify-keyless.ts';
import type { CosignRequirement } from '../cosign/verify-cosign.ts';
import { SignaturePolicyError } from '../errors.ts';
import { type NotationTrust, readNotationTrust } from '../notation/notation-trust.ts';

/** What an image has to bring. */
export type Requirement =
  | { kind: 'accept' }
  | { kind: 'reject' }
  | ({ kind: 'cosign' } & CosignRequirement)
  | { kind: 'notation'; trust: NotationTrust };

export interface PolicyRule {
  /** Names of repositories with their domain. */
  matches: (name: string) => boolean;
  requirement: Requirement;
  /** False: only when whoever pulls asks for it. */
  isEnforced: boolean;
}

/** The first rule that matches decides. */
export interface SignaturePolicy {
  rules: readonly PolicyRule[];
  fallback: Requirement;
}

const maxPolicyBytes = 1 << 20;

/**
 * Reads a policy and the keys and certificates that it names, by paths from its own directory. Throws `SignaturePolicyError` for
 * what is missing, unknown or cannot be meant.
 */
export function readSignaturePolicy(file: string): SignaturePolicy {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > maxPolicyBytes) throw new Error(`larger than ${maxPolicyBytes} bytes`);
    return parsePolicy(bytes, path.dirname(file));
  } catch (error) {
    if (error instanceof SignaturePolicyError) throw error;
    throw new SignaturePolicyError(file, errorMessage(error), error);
  }
}

const reader = new JsonReader('signature policy');
const text: FieldCheck = (value, field) => reader.string(value, field);
const list: FieldCheck = (value, field) => reader.array(value, field);
const object: FieldCheck = (value, field) => reader.object(value, field);
const flag: FieldCheck = (value, field) => reader.boolean(value, field);
const texts: FieldCheck = (value, field) => reader.strings(value, field);
const textMap: FieldCheck = (value, field) => reader.stringMap(value, field);

function parsePolicy(bytes: Uint8Array, directory: string): SignaturePolicy {
  const { default: fallback, rules = [] } = known(parseJsonObject(bytes, 'signature policy'), {
    default: text,
    rules: list,
  });
  if (fallback !== 'accept' && fallback !== 'reject') {
    return reader.fail(`needs a 'default': "accept" or "reject"`);
  }
  return {
    fallback: { kind: fallback },
    rules: (rules as unknown[]).map((rule) => readRule(rule, directory)),
  };
}

function readRule(value: unknown, directory: string): PolicyRule {
  const fields = known(reader.object(value, 'rules'), {
    images: texts,
    enforce: flag,
    accept: flag,
    reject: flag,
    cosign: object,
    notation: object,
  });
  const patterns = (fields['images'] as string[] | undefined) ?? reader.fail("has a rule without 'images'");
  const expressions = patterns.map(
    (pattern) =>
      namePatternExpression(pattern) ?? reader.fail(`has a pattern of images that is none: ${pattern}`),
  );
  const kinds = (['accept', 'reject', 'cosign', 'notation'] as const).filter(
    (kind) => fields[kind] !== undefined && fields[kind] !== false,
  );
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return reader.fail(
      `has a rule for ${patterns.join(', ')} that is not one of accept, reject, cosign and notation`,
    );
  }
  return {
    matches: (name) => expressions.some((expression) => expression.test(name)),
    requirement: requirementOf(kind, fields[kind], directory),
    isEnforced: fields['enforce'] !== false,
  };
}

function requirementOf(kind: Requirement['kind'], value: unknown, directory: string): Requirement {
  switch (kind) {
    case 'accept':
    case 'reject':
      return { kind };
    case 'cosign':
      return { kind, ...cosignRequirement(reader.object(value, kind), directory) };
    case 'notation': {
      const fields = known(reader.object(value, kind), { 'trust-policy': text, 'trust-store': text });
      const place = (key: string): string =>
        path.resolve(
          directory,
          (fields[key] as string | undefined) ?? reader.fail(`has a 'notation' without '${key}'`),
        );
      return { kind, trust: readNotationTrust(place('trust-policy'), place('trust-store')) };
    }
  }
}

function cosignRequirement(value: JsonObject, directory: string): CosignRequirement {
  const {
    keys = [],
    keyless,
    annotations = {},
  } = known(value, {
    keys: texts,
    keyless: object,
    annotations: textMap,
  });
  const files = keys as string[];
  if (files.length === 0 && keyless === undefined) reader.fail("has a 'cosign' without 'keys' and 'keyless'");
  return {
    keys: files.map((file) => readCosignKey(path.resolve(directory, file))),
    keyless: keyless === undefined ? undefined : keylessTrust(reader.object(keyless, 'keyless'), directory),
    annotations: annotations as Record<string, string>,
  };
}

function keylessTrust(value: JsonObject, directory: string): KeylessTrust {
  const { 'trusted-root': file, identities } = known(value, { 'trusted-root': text, identities: list });
  const of = (identities ?? []) as unknown[];
  if (file === undefined || of.length === 0) {
    return reader.fail("has a 'keyless' without 'trusted-root' or 'identities'");
  }
  return {
    root: readTrustedRoot(path.resolve(directory, file as string)),
    identities: of.map((entry) => {
      const fields = known(reader.object(entry, 'identities'), { issuer: text, subject: text });
      const { issuer, subject } = fields as Record<string, string | undefined>;
      if (!issuer || !subject) return reader.fail("has an identity without 'issuer' or 'subject'");
      return { issuer, subject, matches: subjectExpression(subject) };
    }),
  };
}

/** `*` is anything but a `/`, `**` anything. */
function subjectExpression(subject: string): RegExp {
  const source = subject.replaceAll(/\*{2,}|\*|[^*]+/g, (part) => {
    if (part.startsWith('**')) return '.*';
    return part === '*' ? '[^/]*' : RegExp.escape(part);
  });
  return new RegExp(`^${source}$`, 's');
}

/** The checked fields; what is not named is refused. */
function known(fields: Record<string, unknown>, checks: Record<string, FieldCheck>): Record<string, unknown> {
  const other = Object.keys(fields).find((key) => !Object.hasOwn(checks, key));
  if (other !== undefined) {
    reader.fail(`has a '${other}', which is not known; known are ${Object.keys(checks).join(', ')}`);
  }
  return checkedFields(fields, checks);
}
