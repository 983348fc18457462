import { BlockList, isIP } from 'node:net';
import type { IPAM, IPAMConfig } from '@gantry/api-types';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { parseKeyValues } from './key-values.ts';

/**
 * `--subnet` and what belongs to each: `--ip-range`, `--gateway`, `--aux-address`, which are told apart by the subnet that they
 * lie in. Throws `CommandError` with Docker's words for one that lies in none, and for subnets that overlap.
 */
export function parseIpam(flags: FlagValues): IPAM {
  const subnets = flags.list('subnet');
  const ranges = flags.list('ip-range');
  const gateways = flags.list('gateway');
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw failure('every ip-range or gateway must have a corresponding subnet');
  }
  checkOverlap(subnets);
  const configs = new Map(subnets.map((subnet): [string, IPAMConfig] => [subnet, { Subnet: subnet }]));
  for (const range of ranges) {
    eachMatch(configs, range, 'range', (config) => {
      refuseSecond('ranges', range, config.IPRange, `on the same subnet (${config.Subnet ?? ''})`);
      config.IPRange = range;
    });
  }
  for (const gateway of gateways) {
    eachMatch(configs, gateway, 'gateway', (config) => {
      refuseSecond('gateways', gateway, config.Gateway, `for the same subnet (${config.Subnet ?? ''})`);
      config.Gateway = gateway;
    });
  }
  for (const [name, address] of Object.entries(parseKeyValues(flags.list('aux-address')))) {
    if (address === '') continue;
    eachMatch(configs, address, 'aux-address', (config) => {
      config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
    });
  }
  return {
    Driver: flags.string('ipam-driver'),
    Config: [...configs.values()],
    Options: parseKeyValues(flags.list('ipam-opt')),
  };
}

function checkOverlap(subnets: readonly string[]): void {
  for (const [index, subnet] of subnets.entries()) {
    for (const earlier of subnets.slice(0, index)) {
      if (contains(subnet, earlier) || contains(earlier, subnet)) {
        throw failure('multiple overlapping subnet configuration is not supported');
      }
    }
  }
}

function eachMatch(
  configs: ReadonlyMap<string, IPAMConfig>,
  address: string,
  what: string,
  found: (config: IPAMConfig) => void,
): void {
  const matching = [...configs].filter(([subnet]) => contains(subnet, address));
  if (matching.length === 0) throw failure(`no matching subnet for ${what} ${address}`);
  for (const [, config] of matching) found(config);
}

function refuseSecond(what: string, value: string, earlier: string | undefined, where: string): void {
  if (earlier === undefined) return;
  throw failure(`cannot configure multiple ${what} (${value}, ${earlier}) ${where}`);
}

/** Whether the subnet has the address, or the first address of another subnet. */
function contains(subnet: string, other: string): boolean {
  const { address, prefixLength } = parseSubnet(subnet, 'invalid subnet: ');
  const asked = other.includes('/') ? parseSubnet(other, '').address : other;
  if (isIP(asked) !== isIP(address)) return false;
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(address, prefixLength, family);
  return list.check(asked, family);
}

function parseSubnet(text: string, before: string): { address: string; prefixLength: number } {
  const [address = '', length = ''] = text.split(/\/(.*)/s);
  const longest = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(length) || Number(length) > longest) {
    throw failure(`${before}invalid CIDR address: ${text}`);
  }
  return { address, prefixLength: Number(length) };
}

function failure(message: string): CommandError {
  return new CommandError(1, message);
}
