import type { ApiClient } from '../api-client.ts';
import { InvalidInputError } from '../errors.ts';
import { imagePath } from '../query.ts';

/** What can be inspected. */
export type InspectKind = 'container' | 'image' | 'network' | 'volume' | 'plugin';

/**
 * The engine's own JSON text about an object, so that nothing of it is lost by reading it: unknown fields, their order,
 * large numbers.
 */
export function inspectRaw(
  client: ApiClient,
  kind: InspectKind,
  ref: string,
  options: { size?: boolean; verbose?: boolean; platform?: string | undefined } = {},
): Promise<string> {
  if (ref.trim() === '') throw new InvalidInputError(`invalid ${kind} name or ID: value is empty`);
  const { size, verbose, platform } = options;
  const query = { size: size || undefined, verbose: verbose || undefined, platform };
  return client.text({ method: 'GET', path: pathOf(kind, ref), query });
}

function pathOf(kind: InspectKind, ref: string): string {
  const segment = encodeURIComponent(ref);
  if (kind === 'container') return `/containers/${segment}/json`;
  if (kind === 'image') return `/images/${imagePath(ref)}/json`;
  if (kind === 'plugin') return `/plugins/${imagePath(ref)}/json`;
  return `/${kind}s/${segment}`;
}
