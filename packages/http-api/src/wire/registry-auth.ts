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
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const auth: RegistryAuth = {};
  for (const field of fields) {
    const text = given[field];
    if (typeof text === 'string' && text !== '') auth[field] = text;
  }
  return Object.keys(auth).length === 0 ? undefined : auth;
}
