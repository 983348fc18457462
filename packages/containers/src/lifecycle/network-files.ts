import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { hostname as hostName } from 'node:os';
import path from 'node:path';
import type { Owner } from '@gantry/kernel';
import type { Attachment } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { dnsRequest } from '../networks/dns-request.ts';
import { hostsText } from '../networks/hosts-text.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { hostRoot } from '../state/host-root.ts';
import { resolvConf } from './resolv-conf.ts';

/** Paths of the files that a container sees below /etc. */
export interface NetworkFiles {
  hosts: string;
  hostname: string;
  resolvConf: string;
}

export function networkFiles(directory: string): NetworkFiles {
  return {
    hosts: path.join(directory, 'hosts'),
    hostname: path.join(directory, 'hostname'),
    resolvConf: path.join(directory, 'resolv.conf'),
  };
}

/** What the container calls itself: its own name, or the host's on the host's network. */
export function containerHostname({ config, network }: ContainerRecord): string {
  const own = config.Hostname ?? '';
  return own === '' && network.mode === 'host' ? hostName() : own;
}

/**
 * Writes a container's hosts, hostname and resolv.conf anew, as at each start; changes made inside are lost then. On another
 * container's network it has none: it sees that one's.
 */
export function writeNetworkFiles(
  environment: ContainerEnvironment,
  container: Container,
  attachment: Attachment | undefined,
): void {
  const { record, directory } = container;
  if (record.network.mode === 'container') return;
  const files = networkFiles(directory);
  const root = hostRoot(record);
  writeNetworkFile(files.hosts, hostsText(environment, container, attachment), root);
  writeNetworkFile(files.hostname, `${containerHostname(record)}\n`, root);
  writeNetworkFile(files.resolvConf, resolvConfText(environment, record, attachment), root);
}

/** What the engine writes into resolv.conf of a container with that attachment. */
export function resolvConfText(
  { defaults }: Pick<ContainerEnvironment, 'defaults'>,
  { hostConfig, network }: ContainerRecord,
  attachment: Attachment | undefined,
): string {
  return resolvConf(dnsRequest(hostConfig, defaults.dns), defaults.hostFiles, {
    reachesHostLoopback: network.mode === 'host',
    resolver: attachment?.resolver?.nameserver,
  });
}

/** In place, for it is mounted; it keeps its owner without one, and is readable by every user of the container, whatever the engine's umask. */
export function writeNetworkFile(file: string, text: string, owner?: Owner): void {
  writeFileSync(file, text, { mode: 0o644 });
  chmodSync(file, 0o644);
  if (owner !== undefined) chownSync(file, owner.uid, owner.gid);
}
