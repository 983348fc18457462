import type { EndpointRequest } from '@gantry/network';
import type { ContainerRecord, EndpointWish } from '../state/container-record.ts';
import type { ContainerRegistry } from '../state/container-registry.ts';
import { linkedContainers, parseLink } from './links.ts';
import { isUserDefined } from './network-names.ts';

type LinkRegistry = Pick<ContainerRegistry, 'tryFind' | 'get'>;

/** What is asked of a container's networks, for the controller. */
export function endpointRequests(record: ContainerRecord, registry: LinkRegistry): EndpointRequest[] {
  return Object.entries(record.network.endpoints).map(([network, wish]) =>
    endpointRequest(record, registry, { network, wish }),
  );
}

/** What is asked of one network. A link to a container that is not there is left out: nobody has its name. */
export function endpointRequest(
  record: ContainerRecord,
  registry: LinkRegistry,
  { network, wish }: { network: string; wish: EndpointWish },
): EndpointRequest {
  const { IPAMConfig: addresses = {}, Links: links = [], MacAddress: mac } = wish;
  const linked = links.map(parseLink).flatMap(({ name, alias }) => {
    const found = registry.tryFind(name);
    return found === undefined ? [] : [[alias, found.id] as const];
  });
  return {
    network,
    dnsNames: namesOn(network, wish.Aliases ?? [], record),
    links: new Map(linked),
    ...(network === 'bridge' && linksOf(record, registry)),
    driverOptions: wish.DriverOpts ?? {},
    gatewayPriority: wish.GwPriority ?? 0,
    ...(isGiven(addresses?.IPv4Address) && { ipv4Address: addresses.IPv4Address }),
    ...(isGiven(addresses?.IPv6Address) && { ipv6Address: addresses.IPv6Address }),
    ...(addresses?.LinkLocalIPs && { linkLocalAddresses: addresses.LinkLocalIPs }),
    ...(isGiven(mac) && { macAddress: mac }),
  };
}

/** The names that others find the container by; on the default bridge none does, and its own name is for error texts. */
export function namesOn(network: string, aliases: readonly string[], record: ContainerRecord): string[] {
  const { name, id, config } = record;
  if (!isUserDefined(network)) return [name];
  const hostname = config.Hostname ?? '';
  return [...new Set([name, ...aliases, id.slice(0, 12), ...(hostname === '' ? [] : [hostname])])];
}

/** The links of the default bridge. */
function linksOf(record: ContainerRecord, registry: LinkRegistry): Pick<EndpointRequest, 'linkedTo'> {
  const linked = linkedContainers({ record }, registry);
  return linked.length === 0 ? {} : { linkedTo: linked.map(({ child }) => child.id) };
}

function isGiven(value: string | null | undefined): value is string {
  return value !== undefined && value !== null && value !== '';
}
