import { InvalidNetworkError } from '../errors.ts';
import { contains, type Family, formatSubnet, parseAddress, parseCidr, type Subnet } from '../ipam/subnet.ts';
import { joinMessages } from '../join-messages.ts';
import type { IpamConfig } from '../network-controller.ts';

/** Whether all that is given for the subnets fits. Throws `InvalidNetworkError` with every fault, in Docker's words. */
export function checkIpam(config: readonly IpamConfig[]): void {
  const faults = config.flatMap(faultsOf);
  if (faults.length > 0) throw new InvalidNetworkError(`invalid network config:\n${joinMessages(faults)}`);
}

function faultsOf({ subnet: text, ipRange, gateway, auxAddresses = {} }: IpamConfig): string[] {
  const subnet = readBlock('subnet', text ?? '');
  if (typeof subnet === 'string') return [subnet];
  const faults = ipRange === undefined || ipRange === '' ? [] : rangeFaults(ipRange, subnet);
  const gatewayFault = gateway === undefined || gateway === '' ? undefined : addressFault(gateway, subnet);
  if (gatewayFault !== undefined) faults.push(`invalid gateway ${gateway}: ${gatewayFault}`);
  for (const [name, address] of Object.entries(auxAddresses)) {
    const fault = addressFault(address, subnet);
    if (fault !== undefined) faults.push(`invalid auxiliary address ${name}: ${fault}`);
  }
  return faults;
}

function rangeFaults(text: string, subnet: Subnet): string[] {
  const parsed = parseCidr(text);
  if (parsed === undefined) return [`invalid ip-range ${text}: invalid CIDR block notation`];
  const range = parsed.subnet;
  if (range.family !== subnet.family) {
    return [`invalid ip-range ${text}: parent subnet is an ${familyName(subnet.family)} block`];
  }
  const parent = formatSubnet(subnet);
  const faults: string[] = [];
  if (range.prefixLength < subnet.prefixLength) {
    faults.push(`invalid ip-range ${text}: CIDR block is bigger than its parent subnet ${parent}`);
  }
  if (parsed.address.value !== range.base) {
    faults.push(`invalid ip-range ${text}: it should be ${formatSubnet(range)}`);
  }
  if (!contains(subnet, { family: range.family, value: range.base })) {
    faults.push(`invalid ip-range ${text}: parent subnet ${parent} doesn't contain ip-range`);
  }
  return faults;
}

function addressFault(text: string, subnet: Subnet): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return 'invalid address';
  if (address.family !== subnet.family) return `parent subnet is an ${familyName(subnet.family)} block`;
  if (!contains(subnet, address)) return `parent subnet ${formatSubnet(subnet)} doesn't contain this address`;
  return undefined;
}

/** The block, or what is wrong with its text. */
function readBlock(what: string, text: string): Subnet | string {
  const parsed = parseCidr(text);
  if (parsed === undefined) return `invalid ${what} ${text}: invalid CIDR block notation`;
  if (parsed.address.value !== parsed.subnet.base) {
    return `invalid ${what} ${text}: it should be ${formatSubnet(parsed.subnet)}`;
  }
  return parsed.subnet;
}

function familyName(family: Family): string {
  return `IPv${family}`;
}
