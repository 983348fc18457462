import type { EndpointSettings, NetworkingConfig } from '@gantry/api-types';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { parseKeyValues, splitOnce } from './key-values.ts';

export interface ParsedNetworks {
  /** The first network's name; undefined for the engine's default. */
  readonly mode: string | undefined;
  readonly config: NetworkingConfig | undefined;
}

interface NetworkWish {
  name: string;
  endpoint: EndpointSettings;
  given: boolean;
}

/**
 * `--network` (several, each also as `name=…,alias=…`) and what belongs to the first one: `--network-alias`, `--ip`,
 * `--ip6`, `--link-local-ip`, `--mac-address`.
 */
export function parseNetworks(flags: FlagValues): ParsedNetworks {
  const texts = [...flags.list('network'), ...flags.list('net')];
  const wishes = texts.map(parseNetwork);
  applyLegacyFlags(flags, wishes);
  const names = wishes.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw failure(`network "${repeated}" is specified multiple times`);
  if (wishes.length > 1 && names.some((name) => /^(?:host|none|container:.*)$/.test(name))) {
    throw failure('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  const endpoints = wishes.filter(({ given }) => given || wishes.length > 1);
  const entries = endpoints.map(({ name, endpoint }) => [name, endpoint] as const);
  return {
    mode: flags.has('network') || flags.has('net') ? names[0] : undefined,
    config: entries.length === 0 ? undefined : { EndpointsConfig: Object.fromEntries(entries) },
  };
}

function parseNetwork(text: string): NetworkWish {
  const wish: NetworkWish = { name: text, endpoint: {}, given: false };
  if (!text.includes('=')) return wish;
  wish.name = '';
  wish.given = true;
  for (const field of text.split(',')) {
    const [key, value] = splitOnce(field, '=');
    applyField(wish, key.trim().toLowerCase(), value);
  }
  if (wish.name === '') throw failure('network name is required');
  return wish;
}

function applyField(wish: NetworkWish, key: string, value: string): void {
  const { endpoint } = wish;
  if (key === 'name') wish.name = value;
  else if (key === 'alias') (endpoint.Aliases ??= []).push(value);
  else if (key === 'driver-opt') endpoint.DriverOpts = { ...endpoint.DriverOpts, ...parseKeyValues([value]) };
  else if (key === 'ip') (endpoint.IPAMConfig ??= {}).IPv4Address = value;
  else if (key === 'ip6') (endpoint.IPAMConfig ??= {}).IPv6Address = value;
  else if (key === 'link-local-ip') ((endpoint.IPAMConfig ??= {}).LinkLocalIPs ??= []).push(value);
  else if (key === 'mac-address') endpoint.MacAddress = value;
  else if (key === 'gw-priority') endpoint.GwPriority = Number(value);
}

function applyLegacyFlags(flags: FlagValues, wishes: NetworkWish[]): void {
  const aliases = [...flags.list('network-alias'), ...flags.list('net-alias')];
  const linkLocal = flags.list('link-local-ip');
  const [ip, ip6, mac] = [flags.string('ip'), flags.string('ip6'), flags.string('mac-address')];
  if (aliases.length + linkLocal.length === 0 && ip === '' && ip6 === '' && mac === '') return;
  if (wishes.length === 0) wishes.push({ name: 'default', endpoint: {}, given: true });
  const [first] = wishes;
  if (first === undefined) return;
  first.given = true;
  const { endpoint } = first;
  if (aliases.length > 0) endpoint.Aliases = [...(endpoint.Aliases ?? []), ...aliases];
  if (mac !== '') endpoint.MacAddress = mac;
  if (ip !== '') (endpoint.IPAMConfig ??= {}).IPv4Address = ip;
  if (ip6 !== '') (endpoint.IPAMConfig ??= {}).IPv6Address = ip6;
  if (linkLocal.length > 0) (endpoint.IPAMConfig ??= {}).LinkLocalIPs = [...linkLocal];
}

function failure(message: string): CommandError {
  return new CommandError(125, message);
}
