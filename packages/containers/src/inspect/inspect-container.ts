import type {
  ContainerConfig,
  ContainerInspectResponse,
  HostConfig,
  ContainerState as WireState,
} from '@gantry/api-types';
import type { Container } from '../container.ts';
import { securitySettings } from '../create/options/security.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { showHealth } from '../health/show-health.ts';
import { networkOwner } from '../lifecycle/joined-namespaces.ts';
import { networkFiles } from '../lifecycle/network-files.ts';
import { shownLinks } from '../networks/links.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { countsAsRunning, isActive } from '../state/container-state.ts';
import { dockerTimestamp } from '../state/timestamps.ts';
import { containerSize } from './container-size.ts';
import { mountPoints } from './mount-points.ts';
import { networkSettings } from './network-settings.ts';

/** What `docker inspect` shows of a container. */
export async function inspectContainer(
  environment: ContainerEnvironment,
  container: Container,
  { size }: { size: boolean },
): Promise<ContainerInspectResponse> {
  const { record, id, log } = container;
  const { config, hostConfig, image } = record;
  const [path = '', ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const { security } = securitySettings(hostConfig, environment.defaults.security);
  const files = networkFiles(networkOwner(environment, container).directory);
  const hasRun = record.state.last.startedAt !== '';
  const execIds = [...container.execs.values()]
    .filter(({ phase }) => phase === 'running')
    .map((exec) => exec.id);
  return {
    Id: id,
    Created: dockerTimestamp(record.createdAt),
    Path: path,
    Args: args,
    State: wireState(container),
    Image: image.id,
    ResolvConfPath: hasRun ? files.resolvConf : '',
    HostnamePath: hasRun ? files.hostname : '',
    HostsPath: hasRun ? files.hosts : '',
    LogPath: hasRun ? log.path : '',
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: environment.defaults.storageDriver,
    Platform: image.platform.os,
    MountLabel: security.selinux?.mountLabel ?? '',
    ProcessLabel: security.selinux?.processLabel ?? '',
    AppArmorProfile: security.apparmorProfile ?? '',
    ExecIDs: execIds.length === 0 ? null : execIds,
    HostConfig: shownHostConfig(environment, container),
    GraphDriver: { Name: environment.defaults.storageDriver, Data: {} },
    ...(size && (await containerSize(environment, container))),
    Mounts: mountPoints(container),
    Config: withMacAddress(record),
    NetworkSettings: networkSettings(environment, container),
  };
}

/** With links by the names of now. */
function shownHostConfig({ registry }: ContainerEnvironment, container: Container): HostConfig {
  return { ...container.record.hostConfig, Links: shownLinks(container, registry) } as HostConfig;
}

/** As clients before API 1.44 look for it: the address that was asked for on the main network. */
function withMacAddress({ config, hostConfig, network }: ContainerRecord): ContainerConfig {
  const { MacAddress = '' } = network.endpoints[hostConfig.NetworkMode ?? ''] ?? {};
  return MacAddress === '' ? config : { ...config, MacAddress };
}

function wireState(container: Container): WireState {
  const { state } = container;
  const { last } = state;
  const health = showHealth(container);
  return {
    Status: state.status,
    Running: countsAsRunning(state),
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: last.outOfMemory,
    Dead: state.status === 'dead',
    Pid: isActive(state) ? state.pid : 0,
    ExitCode: last.exitCode,
    Error: last.error,
    StartedAt: dockerTimestamp(last.startedAt),
    FinishedAt: dockerTimestamp(last.finishedAt),
    ...(health && { Health: health }),
  };
}
