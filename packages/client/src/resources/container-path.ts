import type { ApiRequest } from '../api-client.ts';
import { InvalidInputError } from '../errors.ts';

/** Method and path of an operation on one container. Throws `InvalidInputError` for an empty name. */
export function on(
  ref: string,
  method: ApiRequest['method'],
  suffix: string,
): Pick<ApiRequest, 'method' | 'path'> {
  if (ref.trim() === '') throw new InvalidInputError('invalid container name or ID: value is empty');
  return { method, path: `/containers/${encodeURIComponent(ref)}${suffix}` };
}
