/** What an `Authorization` header says. */
export type Credentials =
  | { kind: 'none' }
  | { kind: 'basic'; name: string; password: string }
  | { kind: 'bearer'; token: string }
  | { kind: 'unknown' };

/** Reads a header; `unknown` for schemes that are not taken and for what cannot be read. */
export function readCredentials(header: string | undefined): Credentials {
  if (header === undefined || header === '') return { kind: 'none' };
  const [, scheme = '', value = ''] = /^([A-Za-z]+) +([\w.~+/=-]+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: value };
  if (scheme.toLowerCase() !== 'basic') return { kind: 'unknown' };
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 0) return { kind: 'unknown' };
  return { kind: 'basic', name: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
