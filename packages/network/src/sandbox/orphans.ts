import { existsSync, readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { errorMessage, type Logger } from '@gantry/base';
import {
  findLink,
  listLinks,
  NetlinkSocket,
  releaseNetworkNamespace,
  removeLink,
  withNetworkNamespace,
} from '@gantry/kernel';
import { markOf } from '../drivers/network-driver.ts';
import type { NetworkProblem } from '../network-controller.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { SandboxKernel } from './sandbox-kernel.ts';
import type { SandboxRecord } from './sandbox-record.ts';
import type { Sandboxes } from './sandboxes.ts';

/** What is compared with each other. */
export interface SandboxSurroundings {
  registry: NetworkRegistry;
  sandboxes: Sandboxes;
  kernel: SandboxKernel;
  socket: NetlinkSocket;
  /** Directory of the pinned namespaces. */
  namespaces: string;
  logger: Logger;
}

/** Removes interfaces and namespaces of our networks that no stored endpoint has. */
export async function removeOrphans(parts: SandboxSurroundings): Promise<void> {
  const { socket, logger, kernel } = parts;
  for (const name of strayInterfaces(parts)) {
    logger.info('removing an interface that no container has', { interface: name });
    removeLink(socket, name);
    await setImmediate();
  }
  for (const containerId of strayNamespaces(parts)) {
    await releaseNetworkNamespace(kernel.path(containerId));
  }
  for (const record of unbridged(parts)) removeStrayInside(parts, record);
}

/** Everything that `restore` would put right. Sandboxes that are being changed are left out. Changes nothing. */
export function checkSandboxes(parts: SandboxSurroundings): NetworkProblem[] {
  const { registry, sandboxes } = parts;
  return [
    ...strayInterfaces(parts).map((object) => ({
      object,
      fact: 'an interface of a network, and of no container',
    })),
    ...strayNamespaces(parts).map((object) => ({
      object,
      fact: 'a network namespace, and no attached container',
    })),
    ...registry.all().flatMap((network) => bridgeProblems(parts, network)),
    ...[...sandboxes.records.values()].flatMap((record) => sandboxProblems(parts, record)),
  ];
}

function bridgeProblems(
  { socket }: SandboxSurroundings,
  { record, driver, endpoints }: ReturnType<NetworkRegistry['all']>[number],
): NetworkProblem[] {
  const problems: NetworkProblem[] = [];
  const bridge = driver?.filter(record)?.bridge;
  if (bridge !== undefined && findLink(socket, bridge) === undefined) {
    problems.push({ object: record.name, fact: `its bridge ${bridge} is gone` });
  }
  const owners = new Map<string, string>();
  for (const [containerId, { ipv4, ipv6 }] of endpoints) {
    for (const own of [ipv4, ipv6]) {
      if (own === undefined) continue;
      const other = owners.get(own.address);
      if (other !== undefined)
        problems.push({ object: containerId, fact: `has the address ${own.address} of ${other}` });
      owners.set(own.address, containerId);
    }
  }
  return problems;
}

function sandboxProblems(
  { sandboxes, kernel }: SandboxSurroundings,
  record: SandboxRecord,
): NetworkProblem[] {
  const { containerId } = record;
  if (sandboxes.busy.has(containerId)) return [];
  if (!kernel.isThere(containerId)) return [{ object: containerId, fact: 'its network namespace is gone' }];
  return kernel.lost(containerId, sandboxes.ordered(record)).map(({ network }) => ({
    object: containerId,
    fact: `its interface on network ${network.record.name} is gone`,
  }));
}

/** Names of interfaces of the host that carry the mark of one of our networks, and belong to no sandbox. */
function strayInterfaces({ registry, sandboxes, socket }: SandboxSurroundings): string[] {
  const marks = new Set(
    [...sandboxes.records.values()].flatMap(({ containerId, endpoints }) =>
      endpoints.map(({ networkId, hostInterface }) => `${markOf(networkId, containerId)} ${hostInterface}`),
    ),
  );
  return listLinks(socket).flatMap(({ alias, name }) => {
    const [mark, networkId = '', containerId = ''] = alias.split(':');
    if (mark !== 'gantry' || registry.get(networkId) === undefined) return [];
    return marks.has(`${alias} ${name}`) || sandboxes.busy.has(containerId) ? [] : [name];
  });
}

function strayNamespaces({ sandboxes, namespaces }: SandboxSurroundings): string[] {
  if (!existsSync(namespaces)) return [];
  return readdirSync(namespaces).filter(
    (containerId) => !sandboxes.records.has(containerId) && !sandboxes.busy.has(containerId),
  );
}

/** Sandboxes that may have interfaces of which the host sees nothing. */
function unbridged({ registry, sandboxes, kernel }: SandboxSurroundings): SandboxRecord[] {
  if (registry.all().every(({ driver }) => driver === undefined || driver.name === 'bridge')) return [];
  return [...sandboxes.records.values()].filter(({ containerId }) => kernel.isThere(containerId));
}

function removeStrayInside(
  { kernel, logger }: SandboxSurroundings,
  { containerId, endpoints }: SandboxRecord,
): void {
  try {
    using inside = withNetworkNamespace(kernel.path(containerId), () => NetlinkSocket.open());
    const marks = new Set(endpoints.map(({ networkId }) => markOf(networkId, containerId)));
    for (const { alias, index } of listLinks(inside)) {
      if (alias.startsWith('gantry:') && !marks.has(alias)) removeLink(inside, index);
    }
  } catch (error) {
    logger.warn('a sandbox was not looked through', { containerId, error: errorMessage(error) });
  }
}
