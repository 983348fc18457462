import { isIP } from 'node:net';
import type { ContainerConfig, HostConfig } from '@gantry/api-types';
import type { ContainerPorts, PortRequest } from '@gantry/network';
import { InvalidOptionError } from '../../errors.ts';

interface ContainerPort {
  protocol: 'tcp' | 'udp' | 'sctp';
  port: number;
}

/**
 * What is to be published: `PortBindings`, and each exposed port without a binding when `PublishAllPorts` asks for it.
 * Throws `InvalidOptionError` with Docker's words.
 */
export function portRequests(config: ContainerConfig, host: HostConfig): PortRequest[] {
  const requests: PortRequest[] = [];
  const bound = new Set<string>();
  for (const [key, bindings] of Object.entries(host.PortBindings ?? {})) {
    const { protocol, port } = parsePort(key);
    bound.add(`${port}/${protocol}`);
    const wanted = bindings === null || bindings.length === 0 ? [{ HostIp: '', HostPort: '' }] : bindings;
    for (const { HostIp: address = '', HostPort: hostPort = '' } of wanted) {
      requests.push({
        protocol,
        containerPort: port,
        hostAddress: hostAddress(address),
        ...hostPorts(hostPort),
      });
    }
  }
  const exposed = exposedPorts(config);
  if (host.PublishAllPorts !== true) return requests;
  for (const { protocol, port } of exposed) {
    if (bound.has(`${port}/${protocol}`)) continue;
    requests.push({ protocol, containerPort: port, hostAddress: '', hostPortFirst: 0, hostPortLast: 0 });
  }
  return requests;
}

/** Every port of `ExposedPorts`, ranges spread out. Throws `InvalidOptionError`. */
export function exposedPorts(config: ContainerConfig): ContainerPort[] {
  return Object.keys(config.ExposedPorts ?? {}).flatMap((key) => {
    const [range = '', protocol = 'tcp'] = key.split('/');
    const [first = '', last = first] = range.split('-');
    const from = parsePort(`${first}/${protocol}`);
    const to = parsePort(`${last}/${protocol}`);
    if (to.port < from.port) throw new InvalidOptionError(`invalid port specification: "${key}"`);
    return Array.from({ length: to.port - from.port + 1 }, (_, index) => ({
      ...from,
      port: from.port + index,
    }));
  });
}

/** What a container says that it serves: the ports that it exposes or publishes, joined to ranges. */
export function servedPorts({
  config,
  network,
}: {
  config: ContainerConfig;
  network: { ports: readonly PortRequest[] };
}): ContainerPorts[] {
  const published = network.ports.map(({ protocol, containerPort }) => ({ protocol, port: containerPort }));
  const all = [...exposedPorts(config), ...published].toSorted(
    (one, other) => one.protocol.localeCompare(other.protocol) || one.port - other.port,
  );
  const ranges: ContainerPorts[] = [];
  for (const { protocol, port } of all) {
    const range = ranges.at(-1);
    if (range?.protocol === protocol && port <= range.last + 1) range.last = port;
    else ranges.push({ protocol, first: port, last: port });
  }
  return ranges;
}

function parsePort(key: string): ContainerPort {
  const [number = '', protocol = 'tcp', more] = key.split('/');
  const name = protocol.toLowerCase();
  if (name !== 'tcp' && name !== 'udp' && name !== 'sctp') {
    throw new InvalidOptionError(`invalid proto: ${protocol}`, { option: 'HostConfig.PortBindings' });
  }
  const port = portNumber(number);
  if (port === undefined || port === 0 || more !== undefined) {
    throw new InvalidOptionError(`invalid port specification: "${number}"`, {
      option: 'HostConfig.PortBindings',
    });
  }
  return { protocol: name, port };
}

function hostPorts(text: string): { hostPortFirst: number; hostPortLast: number } {
  const [first = '', last = first, more] = text.split('-');
  const hostPortFirst = portNumber(first === '' ? '0' : first);
  const hostPortLast = portNumber(last === '' ? '0' : last);
  const sound =
    hostPortFirst !== undefined &&
    hostPortLast !== undefined &&
    hostPortFirst <= hostPortLast &&
    more === undefined;
  if (!sound) {
    throw new InvalidOptionError(`invalid port specification: "${text}"`, {
      option: 'HostConfig.PortBindings',
    });
  }
  return { hostPortFirst, hostPortLast };
}

function hostAddress(text: string): string {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  if (address !== '' && isIP(address) === 0) {
    throw new InvalidOptionError(`invalid IP address: ${text}`, { option: 'HostConfig.PortBindings' });
  }
  return address;
}

function portNumber(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}
