import type { AuthEntry, ConfigFile } from './config-file.ts';

const hubKey = 'https://index.docker.io/v1/';

export interface AuthConfig {
  username?: string;
  password?: string;
  serveraddress?: string;
  identitytoken?: string;
  registrytoken?: string;
}

/**
 * The `X-Registry-Auth` value for an image name: from the credential helper that the configuration names, else from
 * its `auths`. `e30=` (`{}`) when there are no credentials. A helper that fails counts as having none.
 */
export function registryAuth(config: ConfigFile, imageName: string): string {
  const found = credentialsOf(config, registryOf(imageName));
  return Buffer.from(JSON.stringify(found ?? {}))
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

/** The credentials of a registry, by its key in `config.json`. A helper that fails counts as having none. */
export function credentialsOf(config: ConfigFile, registry: string): AuthConfig | undefined {
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  return helper ? askHelper(helper, registry) : fromEntry(config, registry);
}

/** Credentials by registry, as `config.json` has them under `auths`. */
export type StoredCredentials = Readonly<Record<string, AuthEntry>>;

/** Every registry's credentials: of the file, of the store, and of the helpers of single registries. */
export function allCredentials(config: ConfigFile): StoredCredentials {
  const entries = [...askAll(config)].flatMap(([registry, found]) => {
    const entry = entryOf(found);
    return Object.keys(entry).length > 0 ? [[registry, entry] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** The same as the `X-Registry-Config` value of a build, which may pull from any of them. */
export function registryAuths(config: ConfigFile): string {
  return Buffer.from(JSON.stringify(Object.fromEntries(askAll(config)))).toString('base64url');
}

function askAll(config: ConfigFile): Map<string, AuthConfig> {
  const { auths = {}, credsStore, credHelpers = {} } = config;
  const asked = new Map<string, AuthConfig | undefined>();
  for (const registry of Object.keys(auths)) asked.set(registry, fromEntry(config, registry));
  if (credsStore) {
    const listed = JSON.parse(callHelper(credsStore, 'list', '') ?? '{}') as Record<string, string>;
    for (const registry of Object.keys(listed)) asked.set(registry, askHelper(credsStore, registry));
  }
  for (const [registry, helper] of Object.entries(credHelpers)) {
    asked.set(registry, askHelper(helper, registry));
  }
  return new Map([...asked].flatMap(([registry, found]) => (found === undefined ? [] : [[registry, found]])));
}

function entryOf({ username, password, identitytoken, registrytoken }: AuthConfig): AuthEntry {
  const pair = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return {
    ...(username === undefined ? {} : { auth: pair }),
    ...(identitytoken === undefined ? {} : { identitytoken }),
    ...(registrytoken === undefined ? {} : { registrytoken }),
  };
}

/** The key of a registry in `config.json`: its host, or Docker Hub's address. */
export function registryOf(imageName: string): string {
  const [first = '', ...rest] = imageName.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return !isHost || first === 'docker.io' || first === 'index.docker.io' ? hubKey : first;
}

function fromEntry({ auths = {} }: ConfigFile, registry: string): AuthConfig | undefined {
  const hostOf = (key: string): string => key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  const key = Object.hasOwn(auths, registry)
    ? registry
    : Object.keys(auths).find((candidate) => hostOf(candidate) === hostOf(registry));
  const entry = key === undefined ? undefined : auths[key];
  return entry === undefined ? undefined : { ...credentialsIn(entry), serveraddress: registry };
}

function credentialsIn({ auth, username, password, identitytoken, registrytoken }: AuthEntry): AuthConfig {
  const decoded = auth === undefined ? '' : Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  const pair =
    colon < 0
      ? { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) }
      : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
  return {
    ...pair,
    ...(identitytoken === undefined ? {} : { identitytoken }),
    ...(registrytoken === undefined ? {} : { registrytoken }),
  };
}

function askHelper(helper: string, registry: string): AuthConfig | undefined {
  const answer = callHelper(helper, 'get', registry);
  if (answer === undefined) return undefined;
  const { Username = '', Secret = '' } = JSON.parse(answer) as { Username?: string; Secret?: string };
  const auth = Username === '<token>' ? { identitytoken: Secret } : { username: Username, password: Secret };
  return { ...auth, serveraddress: registry };
}

/** What a credential helper prints; undefined when it fails or is not there. Running programs is loaded when it is needed. */
function callHelper(helper: string, action: 'get' | 'list', input: string): string | undefined {
  if (!/^[\w.-]+$/.test(helper)) return undefined;
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, stdout } = spawnSync(`docker-credential-${helper}`, [action], { input, encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}
