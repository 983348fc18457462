import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import { JsonReader, parseJsonObject } from '@gantry/oci';
import { SignaturePolicyError } from '../errors.ts';
import { type DistinguishedName, parseDistinguishedName } from './distinguished-name.ts';

/** What is done about a check that fails. */
export type Action = 'enforce' | 'log' | 'skip';
/** Checks that a statement may take less strictly. */
export type Check = 'authenticTimestamp' | 'expiry' | 'revocation';

/** One statement of a trust policy, with its certificates. */
export interface TrustStatement {
  name: string;
  /** Repositories, or `*`. */
  scopes: readonly string[];
  actions: Readonly<Record<Check, Action>>;
  /** By the kind of store. */
  certificates: Readonly<Record<'ca' | 'signingAuthority', readonly X509Certificate[]>>;
  /** Undefined: any. */
  identities: readonly DistinguishedName[] | undefined;
}

export interface NotationTrust {
  statements: readonly TrustStatement[];
}

const levels: Readonly<Record<string, Readonly<Record<Check, Action>>>> = {
  strict: { authenticTimestamp: 'enforce', expiry: 'enforce', revocation: 'enforce' },
  permissive: { authenticTimestamp: 'log', expiry: 'log', revocation: 'log' },
};
const reader = new JsonReader('trust policy');

/**
 * Reads notation's own `trustpolicy.json` (version 1.0) and its trust store, a directory with `x509/ca/<name>/` and
 * `x509/signingAuthority/<name>/`. Throws `SignaturePolicyError`.
 */
export function readNotationTrust(policyFile: string, storeDirectory: string): NotationTrust {
  try {
    const { version, trustPolicies } = parseJsonObject(readFileSync(policyFile), 'trust policy');
    if (version !== '1.0') reader.fail(`is of version ${String(version)}, not 1.0`);
    const statements = reader
      .array(trustPolicies, 'trustPolicies')
      .map((entry) => readStatement(entry, storeDirectory));
    return { statements };
  } catch (error) {
    if (error instanceof SignaturePolicyError) throw error;
    throw new SignaturePolicyError(policyFile, errorMessage(error), error);
  }
}

/** The statement of the repository, else the one for all. */
export function statementFor({ statements }: NotationTrust, repository: string): TrustStatement | undefined {
  return (
    statements.find(({ scopes }) => scopes.includes(repository)) ??
    statements.find(({ scopes }) => scopes.includes('*'))
  );
}

function readStatement(value: unknown, storeDirectory: string): TrustStatement {
  const fields = reader.object(value, 'trustPolicies');
  const name = reader.string(fields['name'], 'name');
  const stores = reader.strings(fields['trustStores'] ?? [], 'trustStores');
  const identities = reader.strings(fields['trustedIdentities'] ?? [], 'trustedIdentities');
  const actions = readActions(reader.object(fields['signatureVerification'], 'signatureVerification'), name);
  if (stores.length === 0 || identities.length === 0)
    reader.fail(`has no trust stores or identities in ${name}`);
  const certificatesOf = (kind: string): X509Certificate[] =>
    stores
      .filter((store) => store.startsWith(`${kind}:`))
      .flatMap((store) => readStore(storeDirectory, store));
  const other = stores.find(
    (store) => !/^(?:ca|signingAuthority):[\w.-]+$/.test(store) || store.includes('..'),
  );
  if (other !== undefined) {
    reader.fail(`names the trust store ${other} in ${name}; ca:<name> and signingAuthority:<name> are built`);
  }
  return {
    name,
    scopes: reader.strings(fields['registryScopes'], 'registryScopes'),
    actions,
    certificates: { ca: certificatesOf('ca'), signingAuthority: certificatesOf('signingAuthority') },
    identities: identities.includes('*') ? undefined : identities.map((identity) => readIdentity(identity)),
  };
}

/** What lets in what nobody vouches for is said in the policy above, where one looks for it. */
function readActions(fields: Record<string, unknown>, name: string): TrustStatement['actions'] {
  const level = reader.string(fields['level'], 'level');
  const usual =
    levels[level] ??
    reader.fail(
      `has the level ${level} in ${name}: strict and permissive are taken; say "accept" in the signature policy instead`,
    );
  const actions: Record<Check, Action> = { ...usual };
  for (const [check, action] of Object.entries(reader.object(fields['override'] ?? {}, 'override'))) {
    const isCheck = check === 'authenticTimestamp' || check === 'expiry' || check === 'revocation';
    const isAction =
      action === 'enforce' || action === 'log' || (action === 'skip' && check === 'revocation');
    if (isCheck && isAction) actions[check] = action;
    else reader.fail(`overrides ${check} by ${String(action)} in ${name}, which is not taken`);
  }
  return actions;
}

function readIdentity(identity: string): DistinguishedName {
  const [, text = ''] = /^x509\.subject:(.*)$/s.exec(identity) ?? [];
  return (
    parseDistinguishedName(text) ??
    reader.fail(`has the identity ${identity}, which is not x509.subject: with C, ST and O at least`)
  );
}

function readStore(directory: string, store: string): X509Certificate[] {
  const folder = path.join(directory, 'x509', ...store.split(':'));
  try {
    const certificates = readdirSync(folder).flatMap((name) => readCertificates(path.join(folder, name)));
    if (certificates.length > 0) return certificates;
  } catch (error) {
    throw new SignaturePolicyError(folder, errorMessage(error), error);
  }
  throw new SignaturePolicyError(folder, 'it has no certificate');
}

/** PEM with any number, or one in DER. */
function readCertificates(file: string): X509Certificate[] {
  const bytes = readFileSync(file);
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  return (blocks ?? [bytes]).map((block) => new X509Certificate(block));
}
