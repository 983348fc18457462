import type { ContainerConfig } from '@gantry/api-types';
import { exposedPorts } from '../create/options/ports.ts';

export interface LinkedSide {
  /** `/web/db`: the container that has the link, and the alias. */
  name: string;
  alias: string;
  /** The linked container's, on the default bridge. */
  address: string;
  config: ContainerConfig;
}

interface Port {
  port: number;
  protocol: string;
}

/** Docker's variables of a link (`DB_PORT_5432_TCP_ADDR` …): the linked container's exposed ports and its environment. */
export function linkVariables({ name, alias, address, config }: LinkedSide): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const ports = exposedPorts(config).toSorted(byProtocolAndNumber);
  const [first] = ports;
  return [
    ...(first === undefined ? [] : [`${prefix}_PORT=${urlOf(first, address)}`]),
    ...ports.flatMap((port) => portVariables(prefix, port, address)),
    ...rangesOf(ports).flatMap((range) => rangeVariables(prefix, range, address)),
    `${prefix}_NAME=${name}`,
    ...(config.Env ?? [])
      .filter((entry) => entry.includes('=') && !/^(?:HOME|PATH)=/.test(entry))
      .map((entry) => `${prefix}_ENV_${entry}`),
  ];
}

function portVariables(prefix: string, port: Port, address: string): string[] {
  const start = `${prefix}_PORT_${port.port}_${port.protocol.toUpperCase()}`;
  return [
    `${start}=${urlOf(port, address)}`,
    `${start}_ADDR=${address}`,
    `${start}_PORT=${port.port}`,
    `${start}_PROTO=${port.protocol}`,
  ];
}

function rangeVariables(
  prefix: string,
  { first, last }: { first: Port; last: Port },
  address: string,
): string[] {
  const start = `${prefix}_PORT_${first.port}_${first.protocol.toUpperCase()}`;
  return [
    `${start}_START=${urlOf(first, address)}`,
    `${start}_PORT_START=${first.port}`,
    `${start}_END=${urlOf(last, address)}`,
    `${start}_PORT_END=${last.port}`,
  ];
}

/** Neighbouring ports of one protocol, two or more. */
function rangesOf(ports: readonly Port[]): { first: Port; last: Port }[] {
  const ranges: { first: Port; last: Port }[] = [];
  for (const port of ports) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last.protocol === port.protocol && range.last.port + 1 === port.port) {
      range.last = port;
    } else ranges.push({ first: port, last: port });
  }
  return ranges.filter(({ first, last }) => first !== last);
}

function byProtocolAndNumber(left: Port, right: Port): number {
  if (left.protocol === right.protocol) return left.port - right.port;
  if (left.protocol === 'tcp' || right.protocol === 'tcp') return left.protocol === 'tcp' ? -1 : 1;
  return left.protocol < right.protocol ? -1 : 1;
}

function urlOf({ port, protocol }: Port, address: string): string {
  return `${protocol}://${address}:${port}`;
}
