import { spawnSync } from 'node:child_process';
import type { AuthEntry, ConfigFile } from './config-file.ts';

const hubKey = 'https://index.docker.io/v1/';

interface AuthConfig {
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
  const registry = registryOf(imageName);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  const found = helper ? askHelper(helper, registry) : fromEntry(config, registry);
  return Buffer.from(JSON.stringify(found ?? {}))
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
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
  if (!/^[\w.-]+$/.test(helper)) return undefined;
  const { status, stdout } = spawnSync(`docker-credential-${helper}`, ['get'], {
    input: registry,
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  const { Username = '', Secret = '' } = JSON.parse(stdout) as { Username?: string; Secret?: string };
  const auth = Username === '<token>' ? { identitytoken: Secret } : { username: Username, password: Secret };
  return { ...auth, serveraddress: registry };
}
