import type { Filters, Network } from '@gantry/api-types';
import { InvalidFilterError, matchesLabelFilter, matchesPattern } from '@gantry/containers';

/** Always there, and nobody's to make or to remove. */
export const predefinedNetworks: ReadonlySet<string> = new Set(['bridge', 'host', 'none']);

/** True when the network matches all values of one filter. */
type Matcher = (network: Network, values: readonly string[]) => boolean;

const anyOf =
  (matches: (network: Network, value: string) => boolean): Matcher =>
  (network, values) =>
    values.some((value) => matches(network, value));

const matchers: Readonly<Record<string, Matcher>> = {
  driver: anyOf((network, value) => network.Driver === value),
  id: anyOf((network, value) => matchesPattern(network.Id ?? '', value)),
  name: anyOf((network, value) => matchesPattern(network.Name ?? '', value)),
  scope: anyOf((network, value) => network.Scope === value),
  type: anyOf((network, value) => isPredefined(network) === (value === 'builtin')),
  label: (network, values) => values.every((value) => matchesLabelFilter(network.Labels ?? {}, value)),
  dangling: (network, [value]) => (value === '1' || value === 'true') !== isUsed(network),
};

/**
 * Docker's filters of networks: values of a key are alternatives, labels must all match. A network that is predefined, or that
 * containers are on, is not dangling. Throws `InvalidFilterError`.
 */
export function filterNetworks(networks: readonly Network[], filters: Filters): Network[] {
  for (const [key, values] of filters) check(key, values);
  return networks.filter((network) =>
    [...filters].every(([key, values]) => values.length === 0 || matchers[key]?.(network, values) === true),
  );
}

function check(key: string, values: readonly string[]): void {
  if (!Object.hasOwn(matchers, key)) throw new InvalidFilterError(`invalid filter '${key}'`);
  if (key === 'dangling') {
    if (values.length > 1) throw new InvalidFilterError('got more than one value for filter key "dangling"');
    if (values.some((value) => !['0', '1', 'false', 'true'].includes(value))) {
      throw new InvalidFilterError(
        `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`,
      );
    }
  }
  const type = key === 'type' ? values.find((value) => value !== 'builtin' && value !== 'custom') : undefined;
  if (type !== undefined) throw new InvalidFilterError(`invalid filter: 'type'='${type}'`);
}

function isPredefined({ Name = '' }: Network): boolean {
  return predefinedNetworks.has(Name);
}

function isUsed(network: Network): boolean {
  return isPredefined(network) || Object.keys(network.Containers ?? {}).length > 0;
}
