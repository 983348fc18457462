import type { RegistryAuth } from '../backends/image-backend.ts';

const fields = ['username', 'password', 'serveraddress', 'identitytoken', 'registrytoken'] as const;

/**
 * The `X-Registry-Auth` header: base64url of a JSON object. Undefined when it is missing, empty (`e30=`) or cannot be
 * read: Docker goes on without credentials then.
 */
export function parseRegistryAuth(header: string | readonly string[] | undefined): RegistryAuth | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  return readAuth(value);
}

function readAuth(value: unknown): RegistryAuth | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const auth: RegistryAuth = {};
  for (const field of fields) {
    const text = given[field];
    if (typeof text === 'string' && text !== '') auth[field] = text;
  }
  return Object.keys(auth).length === 0 ? undefined : auth;
}

/** The `X-Registry-Config` header of a build: base64url of a JSON object of credentials by registry. Empty when it cannot be read. */
export function parseRegistryAuths(
  header: string | readonly string[] | undefined,
): ReadonlyMap<string, RegistryAuth> {
  if (typeof header !== 'string' || header === '') return new Map();
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    const entries = Object.entries(value ?? {}).map(([registry, auth]): [string, RegistryAuth] => [
      registry,
      readAuth(auth) ?? {},
    ]);
    return new Map(entries);
  } catch {
    return new Map();
  }
}
