import type {
  ContainerUpdateRequest,
  ContainerUpdateResponse,
  HostConfig,
  Resources,
} from '@gantry/api-types';
import { errorKind, errorMessage } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { Container } from '../container.ts';
import { restartPolicy } from '../create/options/restart-policy.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError, InvalidOptionError, UpdateRefusedError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { isActive } from '../state/container-state.ts';
import { checkResources } from './check-resources.ts';
import { containerLimits } from './container-limits.ts';
import {
  type Changes,
  cannotUpdate,
  changedHostConfig,
  checkAgainst,
  requestedChanges,
  resourcesToWrite,
} from './updated-resources.ts';

/**
 * Changes limits and restart policy of a container, for good; of one that runs, in its cgroup at once. When the kernel
 * refuses a limit those it had are put back and nothing is recorded. Throws `InvalidOptionError`,
 * `ContainerStateError`, `LimitRefusedError`.
 */
export async function updateContainer(
  environment: ContainerEnvironment,
  container: Container,
  { RestartPolicy: policy, ...wanted }: ContainerUpdateRequest,
): Promise<ContainerUpdateResponse> {
  const { cgroupSupport: support } = environment.defaults;
  const { resources, warnings } = checkResources(wanted, { support, purpose: 'update' });
  const changes = requestedChanges(resources);
  await environment.locks.run(container.id, async () => {
    const { status } = container.state;
    if (status === 'removing' || status === 'dead') {
      const reason = 'container is marked for removal and cannot be "update"';
      throw new ContainerStateError(container.id, `${cannotUpdate(container.id)}: ${reason}`);
    }
    const { hostConfig } = container.record;
    checkAgainst(container.id, hostConfig, changes);
    const changed = withPolicy(changedHostConfig(hostConfig, changes), policy);
    await applyLive(environment, container, changed, changes);
    environment.registry.update(container, { hostConfig: changed });
    publishContainerEvent(environment.events, container, 'update');
  });
  return { Warnings: warnings };
}

function withPolicy(host: HostConfig, policy: ContainerUpdateRequest['RestartPolicy']): HostConfig {
  if (policy?.Name === undefined || policy.Name === '') return host;
  if (host.AutoRemove === true && policy.Name !== 'no') {
    throw new InvalidOptionError(
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
      { option: 'RestartPolicy' },
    );
  }
  return { ...host, RestartPolicy: restartPolicy({ RestartPolicy: policy }) };
}

async function applyLive(
  environment: ContainerEnvironment,
  container: Container,
  changed: HostConfig,
  changes: Changes,
): Promise<void> {
  if (!isActive(container.state) || Object.keys(changes).length === 0) return;
  const { ports, defaults, logger } = environment;
  const write = (resources: Resources): Promise<void> =>
    ports.runtime.update(container.id, containerLimits(resources, defaults.cgroupSupport));
  try {
    await write(resourcesToWrite(changed, changes));
  } catch (error) {
    // It has ended, and nobody has recorded that yet: its next start takes the limits from the record.
    if (errorKind(error) === 'not-found' || isErrno(error, 'ENOENT', 'ENODEV')) return;
    await write(previous(container.record.hostConfig, changes)).catch((again: unknown) => {
      logger.warn('limits of a container were not put back', {
        containerId: container.id,
        error: errorMessage(again),
      });
    });
    throw new UpdateRefusedError(cannotUpdate(container.id), error);
  }
}

/** What the container had of each limit that was to be changed. */
function previous(host: HostConfig, changes: Changes): Resources {
  const names = Object.keys(changes) as (keyof Changes)[];
  const before = {
    ...host,
    ...Object.fromEntries(names.map((name) => [name, host[name] || unlimited[name]])),
  };
  return resourcesToWrite(before, Object.fromEntries(names.map((name) => [name, before[name]])));
}

/** What a limit is in the kernel that was never set. */
const unlimited: Changes = {
  Memory: -1,
  MemorySwap: -1,
  MemoryReservation: -1,
  CpuQuota: -1,
  CpuPeriod: 100_000,
  CpuShares: 1024,
  PidsLimit: -1,
};
