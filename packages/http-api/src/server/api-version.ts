import { InvalidRequestError } from '../errors.ts';

/** Newest API version served: that of Docker 28.3–28.5. */
export const maxApiVersion: string = '1.51';
/** Oldest API version served: Docker 28's own minimum. */
export const minApiVersion: string = '1.24';

/** A version as one number that compares: 1.51 is 1051. */
export type ApiVersion = number;

export const maxVersion: ApiVersion = 1051;
const minVersion: ApiVersion = 1024;

/**
 * Splits `/v1.44/containers/json` into its version and the path that is routed. A path without prefix has the newest
 * version. Throws `InvalidRequestError` with Docker's words for one that is too old or too new.
 */
export function splitVersion(path: string): { version: ApiVersion; path: string } {
  const match = /^\/+v([0-9][0-9.]*)(\/.*)$/.exec(path);
  if (match === null) return { version: maxVersion, path };
  const text = match[1] ?? '';
  const version = parseVersion(text);
  if (version < minVersion) {
    throw new InvalidRequestError(
      `client version ${text} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version`,
      { code: 'api-version-too-old' },
    );
  }
  if (version > maxVersion) {
    throw new InvalidRequestError(
      `client version ${text} is too new. Maximum supported API version is ${maxApiVersion}`,
      { code: 'api-version-too-new' },
    );
  }
  return { version, path: match[2] ?? '/' };
}

/** `'1.44'` to 1044; a missing or odd minor counts as 0. */
export function parseVersion(text: string): ApiVersion {
  const [major = '0', minor = '0'] = text.split('.');
  return Math.min(Number(major), 9999) * 1000 + Math.min(Number(minor) || 0, 999);
}
