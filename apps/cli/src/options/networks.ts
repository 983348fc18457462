import type { EndpointSettings, NetworkingConfig } from '@gantry/api-types';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { type NetworkOption, parseNetworkOption } from './network-option.ts';

export interface ParsedNetworks {
  /** The first network's name; undefined for the engine's default. */
  readonly mode: string | undefined;
  readonly config: NetworkingConfig | undefined;
}

/**
 * `--network` (several, each also as `name=…,alias=…`) and what belongs to the first one: `--network-alias`, `--link`, `--ip`,
 * `--ip6`, `--link-local-ip`, `--mac-address`. Throws `CommandError` with Docker's words.
 */
export function parseNetworks(flags: FlagValues): ParsedNetworks {
  const given = [...flags.list('network'), ...flags.list('net')].map(parseNetworkOption);
  const [first = { name: 'default', endpoint: {} }, ...others] = given;
  const wishes = [{ name: first.name, endpoint: withFlags(first, flags) }, ...others];
  for (const wish of wishes) checkEndpoint(wish);
  const names = wishes.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw failure(`network "${repeated}" is specified multiple times`);
  if (names.some(isUserDefined) && !names.every(isUserDefined)) {
    throw failure('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  const told = wishes.filter(({ endpoint }) => wishes.length > 1 || Object.keys(endpoint).length > 0);
  const entries = told.map(({ name, endpoint }) => [name, endpoint] as const);
  return {
    mode: given.length === 0 ? undefined : first.name,
    config: entries.length === 0 ? undefined : { EndpointsConfig: Object.fromEntries(entries) },
  };
}

/** Whatever is none of the words for networks that are always there. */
function isUserDefined(name: string): boolean {
  return !/^(?:default|bridge|host|none|container:.*)$/.test(name);
}

/** The first network with the flags of the time when there was one only. */
function withFlags({ name, endpoint }: NetworkOption, flags: FlagValues): EndpointSettings {
  const aliases = [...flags.list('network-alias'), ...flags.list('net-alias')];
  const linkLocal = flags.list('link-local-ip');
  const [ip, ip6, mac] = [flags.string('ip'), flags.string('ip6'), flags.string('mac-address')];
  const own = endpoint.IPAMConfig ?? {};
  refuseBoth(aliases, endpoint.Aliases, '--network-alias', 'alias');
  refuseBoth(ip, own.IPv4Address, '--ip', 'IPv4 address');
  refuseBoth(ip6, own.IPv6Address, '--ip6', 'IPv6 address');
  refuseBoth(mac, endpoint.MacAddress, '--mac-address', 'MAC address');
  refuseBoth(linkLocal, own.LinkLocalIPs, '--link-local-ip', 'link-local IP addresses');
  const addresses = {
    ...own,
    ...(ip !== '' && { IPv4Address: ip }),
    ...(ip6 !== '' && { IPv6Address: ip6 }),
    ...(linkLocal.length > 0 && { LinkLocalIPs: [...linkLocal] }),
  };
  const links = isUserDefined(name) ? flags.list('link') : [];
  return {
    ...endpoint,
    ...(aliases.length > 0 && { Aliases: aliases }),
    ...(links.length > 0 && { Links: [...links] }),
    ...(mac !== '' && { MacAddress: mac }),
    ...(Object.keys(addresses).length > 0 && { IPAMConfig: addresses }),
  };
}

function refuseBoth(
  flag: string | readonly string[],
  field: string | readonly string[] | undefined,
  name: string,
  what: string,
): void {
  if (flag.length === 0 || field === undefined || field.length === 0) return;
  throw failure(`conflicting options: cannot specify both ${name} and per-network ${what}`);
}

/** net.ParseMAC's forms: pairs with colons or dashes, or fours with dots; of 6, 8 or 20 bytes. */
const macAddress =
  /^(?:[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}(?:(?:\1[0-9a-f]{2}){2}|(?:\1[0-9a-f]{2}){14})?|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?:\.[0-9a-f]{4}|(?:\.[0-9a-f]{4}){7})?)$/i;

function checkEndpoint({ name, endpoint }: NetworkOption): void {
  if (name.trim() === '') throw failure('no name set for network');
  if (!isUserDefined(name) && (endpoint.Aliases ?? []).length > 0) {
    throw failure('network-scoped aliases are only supported for user-defined networks');
  }
  const mac = endpoint.MacAddress ?? '';
  if (mac !== '' && !macAddress.test(mac)) throw failure(`${mac} is not a valid mac address`);
}

function failure(message: string): CommandError {
  return new CommandError(125, message);
}
