import { InvalidEndpointError } from '../errors.ts';
import { contains, type Family, parseAddress, subnetFrom } from '../ipam/subnet.ts';
import { joinMessages } from '../join-messages.ts';
import type { EndpointRequest } from '../network-controller.ts';
import { isPredefined, type NetworkRecord } from '../networks/network-record.ts';

const interfaceNameOption = 'com.docker.network.endpoint.ifname';
const sysctlsOption = 'com.docker.network.endpoint.sysctls';
const noUserSubnet =
  'user specified IP address is supported only when connecting to networks with user configured subnets';

/** One setting of an endpoint's interface: a path below /proc/sys, with `IFNAME` for the interface, and the value. */
export interface InterfaceSysctl {
  name: readonly string[];
  value: string;
}

/**
 * Whether the network could ever have such an endpoint. Throws `InvalidEndpointError` with every fault, in Docker's words.
 */
export function checkEndpointWish(wish: EndpointRequest, network: NetworkRecord): void {
  const faults = [
    ...predefinedFaults(wish, network),
    ...addressFaults(wish),
    ...(isPredefined(network.name) ? [] : rangeFaults(wish, network)),
    ...sysctlFaults(wish),
    ...otherFaults(wish),
  ];
  if (faults.length > 0) {
    throw new InvalidEndpointError(`invalid endpoint settings:\n${joinMessages(faults)}`);
  }
}

/** The name that is asked for the interface. */
export function wantedInterfaceName({
  driverOptions,
}: Pick<EndpointRequest, 'driverOptions'>): string | undefined {
  const name = driverOptions[interfaceNameOption];
  return name === '' ? undefined : name;
}

/** Settings of the interface, such as `net.ipv4.conf.IFNAME.log_martians=1`, several with commas between. */
export function interfaceSysctls({
  driverOptions,
}: Pick<EndpointRequest, 'driverOptions'>): InterfaceSysctl[] {
  return sysctlTexts(driverOptions).map((text) => {
    const [name = '', value = ''] = text.split(/=(.*)/s);
    const [net = '', protocol = '', conf = '', link = '', ...rest] = name.split('.');
    return { name: [net, protocol, conf, link.toUpperCase(), rest.join('.')], value };
  });
}

function predefinedFaults(wish: EndpointRequest, { name }: NetworkRecord): string[] {
  if (!isPredefined(name)) return [];
  const asksForAddress = [wish.ipv4Address, wish.ipv6Address].some((address) => (address ?? '') !== '');
  return asksForAddress ? ['user specified IP address is supported on user defined networks only'] : [];
}

function addressFaults({
  ipv4Address = '',
  ipv6Address = '',
  linkLocalAddresses = [],
}: EndpointRequest): string[] {
  const faults: string[] = [];
  if (ipv4Address !== '' && parseAddress(ipv4Address)?.family !== 4)
    faults.push(`invalid IPv4 address: ${ipv4Address}`);
  if (ipv6Address !== '' && parseAddress(ipv6Address)?.family !== 6)
    faults.push(`invalid IPv6 address: ${ipv6Address}`);
  for (const text of linkLocalAddresses) {
    if (parseAddress(text) === undefined) faults.push(`invalid link-local IP address: ${text}`);
  }
  return faults;
}

function rangeFaults({ ipv4Address, ipv6Address }: EndpointRequest, network: NetworkRecord): string[] {
  return (
    [
      [4, ipv4Address],
      [6, ipv6Address],
    ] as const
  ).flatMap(([family, text]) => rangeFault(family, text ?? '', network));
}

function rangeFault(family: Family, text: string, { ipam }: NetworkRecord): string[] {
  const address = parseAddress(text);
  if (address?.family !== family) return [];
  const named = ipam.config.filter(
    ({ subnet, chosen }) => chosen !== true && subnetFrom(subnet).family === family,
  );
  if (named.length === 0) return [noUserSubnet];
  if (named.some(({ subnet }) => contains(subnetFrom(subnet), address))) return [];
  return [`no configured subnet or ip-range contain the IP address ${text}`];
}

function sysctlFaults({ driverOptions }: EndpointRequest): string[] {
  return sysctlTexts(driverOptions)
    .filter((text) => !/^net\.(?:ipv4|ipv6|mpls)\.[\w-]+\.(?:IFNAME|ifname)\.[\w-]+=[^\n]*$/.test(text))
    .map(
      (text) =>
        `unrecognised network interface sysctl '${text}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
    );
}

function otherFaults(wish: EndpointRequest): string[] {
  const faults: string[] = [];
  const name = wantedInterfaceName(wish);
  if (name !== undefined && !/^(?!\.{1,2}$)[^\s/:]{1,15}$/.test(name))
    faults.push(`invalid interface name: ${name}`);
  const { macAddress = '' } = wish;
  if (macAddress !== '' && !/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(macAddress)) {
    faults.push(`invalid MAC address: ${macAddress}`);
  }
  return faults;
}

function sysctlTexts(driverOptions: Readonly<Record<string, string>>): string[] {
  const text = driverOptions[sysctlsOption] ?? '';
  return text === '' ? [] : text.split(',');
}
