import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { CommandError } from '../errors.ts';
import { type AuthEntry, type ConfigFile, readConfigFile } from './config-file.ts';
import { replaceFile } from './replace-file.ts';

export interface SignedIn {
  username: string;
  password: string;
  /** In the place of the password, where the registry gave one. */
  identityToken?: string;
}

/**
 * Keeps the credentials of a registry: with the credential helper that the configuration names, else in `config.json`. Returns
 * the file if it is there that they lie, unencrypted. Throws `CommandError` when the helper fails.
 */
export function storeCredentials(
  configDirectory: string,
  registry: string,
  { username, password, identityToken }: SignedIn,
): string | undefined {
  const config = readConfigFile(configDirectory);
  const helper = helperOf(config, registry);
  if (helper !== undefined) {
    const [Username, Secret] =
      identityToken === undefined ? [username, password] : ['<token>', identityToken];
    callHelper(helper, 'store', JSON.stringify({ ServerURL: registry, Username, Secret }));
    // Other programs look in the file for which registries there are credentials.
    writeAuths(configDirectory, config, { ...config.auths, [registry]: {} });
    return undefined;
  }
  const pair = identityToken === undefined ? `${username}:${password}` : `${username}:`;
  const entry: AuthEntry = {
    auth: Buffer.from(pair).toString('base64'),
    ...(identityToken === undefined ? {} : { identitytoken: identityToken }),
  };
  return writeAuths(configDirectory, config, { ...config.auths, [registry]: entry });
}

/** Forgets the credentials of a registry. False when there were none. Throws `CommandError` when the helper fails. */
export function eraseCredentials(configDirectory: string, registry: string): boolean {
  const config = readConfigFile(configDirectory);
  const helper = helperOf(config, registry);
  const { [registry]: known, ...others } = config.auths ?? {};
  if (helper !== undefined) callHelper(helper, 'erase', registry);
  if (known !== undefined) writeAuths(configDirectory, config, others);
  return known !== undefined || helper !== undefined;
}

function helperOf({ credHelpers, credsStore }: ConfigFile, registry: string): string | undefined {
  return (credHelpers?.[registry] ?? credsStore) || undefined;
}

function writeAuths(configDirectory: string, config: ConfigFile, auths: ConfigFile['auths']): string {
  const file = path.join(configDirectory, 'config.json');
  replaceFile(file, JSON.stringify({ ...config, auths }, undefined, '\t'), 0o600);
  return file;
}

function callHelper(helper: string, action: 'store' | 'erase', input: string): void {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw new CommandError(1, `invalid name of a credential helper: ${helper}`);
  const { status, stdout, error } = spawnSync(program, [action], { input, encoding: 'utf8' });
  if (status === 0) return;
  const reason = error?.message ?? (stdout.trim() || `exit code ${status}`);
  throw new CommandError(1, `Error saving credentials: error storing credentials - err: ${reason}`);
}
