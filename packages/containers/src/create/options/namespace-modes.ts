import type { ContainerCreateRequest, HostConfig } from '@gantry/api-types';
import { ContainerNotFoundError, InvalidOptionError } from '../../errors.ts';
import { namedContainer } from '../named-container.ts';
import { ownUsers } from './container-users.ts';

export type NamespaceModes = Required<
  Pick<HostConfig, 'IpcMode' | 'PidMode' | 'UTSMode' | 'UsernsMode' | 'CgroupnsMode'>
>;

/** Finds a container by name or id; undefined when there is none. */
export type FindContainerId = (ref: string) => string | undefined;

export interface NamespaceContext {
  findContainerId: FindContainerId;
  /** A container sees its own cgroup as the root on v2; on v1 Docker shows it the host's hierarchy, unless told otherwise. */
  cgroupVersion: 1 | 2;
  defaults: NamespaceDefaults;
}

/** Modes of containers that do not say otherwise. */
export interface NamespaceDefaults {
  ipcMode: 'private' | 'shareable';
  /** That of the cgroup version when missing. */
  cgroupnsMode?: 'private' | 'host';
}

/**
 * The namespace modes of a container with Docker's defaults, other containers by their id (which outlives a rename); whether
 * they run is asked at each start. Throws `InvalidOptionError` with Docker's words.
 */
export function namespaceModes(host: HostConfig, context: NamespaceContext): NamespaceModes {
  const ipc = modeOf(host.IpcMode, context.defaults.ipcMode);
  const pid = modeOf(host.PidMode, '');
  const uts = modeOf(host.UTSMode, '');
  const user = modeOf(host.UsernsMode, '');
  const cgroup = modeOf(host.CgroupnsMode, defaultCgroupMode(host, context));
  const known = ['none', 'private', 'shareable', 'host'];
  if (!known.includes(ipc) && peerOf(ipc) === undefined) fail('IpcMode', `invalid IPC mode: ${ipc}`);
  if (pid !== '' && pid !== 'host' && !peerOf(pid)) fail('PidMode', `invalid PID mode: ${pid}`);
  if (uts !== '' && uts !== 'host') fail('UTSMode', `invalid UTS mode: ${uts}`);
  if (!['', 'host', ownUsers].includes(user)) fail('UsernsMode', `invalid userns mode: ${user}`);
  if (cgroup !== 'private' && cgroup !== 'host') {
    fail('CgroupnsMode', `invalid cgroup namespace mode: ${cgroup}`);
  }
  return {
    IpcMode: namedContainer(() => byId(ipc, context.findContainerId), 'IpcMode'),
    PidMode: namedContainer(() => byId(pid, context.findContainerId), 'PidMode'),
    UTSMode: uts,
    UsernsMode: user,
    CgroupnsMode: cgroup,
  };
}

/** On v1 a privileged container sees the host's hierarchy, whatever the daemon's default is. */
function defaultCgroupMode(host: HostConfig, { cgroupVersion, defaults }: NamespaceContext): string {
  if (cgroupVersion === 1 && host.Privileged === true) return 'host';
  return defaults.cgroupnsMode ?? (cgroupVersion === 2 ? 'private' : 'host');
}

/** The container that a mode `container:<name or id>` names; undefined for any other mode. */
export function peerOf(mode: string | undefined): string | undefined {
  return mode?.startsWith('container:') === true ? mode.slice('container:'.length) : undefined;
}

/** Options that contradict each other, before anything else is looked at. Throws `InvalidOptionError` with Docker's words. */
export function checkNamespaceConflicts(request: ContainerCreateRequest): void {
  const host = request.HostConfig ?? {};
  const network = host.NetworkMode ?? '';
  if (host.UTSMode === 'host') {
    if (isGiven(request.Hostname)) conflict('hostname and the UTS mode');
    if (isGiven(request.Domainname)) conflict('domainname and the UTS mode');
  }
  if (network === 'host' && isGiven(host.Links)) conflict(linksWith('host type networking'));
  const peer = peerOf(network);
  if (peer === undefined) return;
  if (peer === '') {
    fail('NetworkMode', 'invalid network mode: invalid container format container:<name|id>');
  }
  if (isGiven(request.Hostname)) conflict('hostname and the network mode');
  if (isGiven(host.Links)) conflict(linksWith('container type network'));
  if (isGiven(host.Dns)) conflict('dns and the network mode');
  if (isGiven(host.ExtraHosts)) conflict('custom host-to-IP mapping and the network mode');
  if (isGiven(request.MacAddress)) conflict('mac-address and the network mode');
  if (isGiven(host.PortBindings) || host.PublishAllPorts === true) {
    conflict('port publishing and the container type network mode');
  }
  if (isGiven(request.ExposedPorts)) conflict('port exposing and the container type network mode');
}

function linksWith(what: string): string {
  return `${what} can't be used with links. This would result in undefined behavior`;
}

function isGiven(value: string | object | null | undefined): boolean {
  if (value === null || value === undefined) return false;
  return typeof value === 'string' ? value !== '' : Object.keys(value).length > 0;
}

function modeOf(given: string | null | undefined, missing: string): string {
  return given === null || given === undefined || given === '' ? missing : given;
}

function byId(mode: string, findContainerId: FindContainerId): string {
  const peer = peerOf(mode);
  if (peer === undefined) return mode;
  const id = findContainerId(peer);
  if (id === undefined) throw new ContainerNotFoundError(peer);
  return `container:${id}`;
}

function conflict(what: string): never {
  throw new InvalidOptionError(`conflicting options: ${what}`);
}

function fail(option: string, message: string): never {
  throw new InvalidOptionError(message, { option: `HostConfig.${option}` });
}
