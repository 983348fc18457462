import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname as hostName } from 'node:os';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';
import type { Attachment } from '@gantry/network';
import { hostGateway, parseExtraHosts } from '../create/options/extra-hosts.ts';
import type { HostFiles } from '../environment.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { resolvConf } from './resolv-conf.ts';

const localNames: readonly string[] = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

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
  record: ContainerRecord,
  directory: string,
  hostFiles: HostFiles,
  attachment: Attachment | undefined,
): void {
  if (record.network.mode === 'container') return;
  const files = networkFiles(directory);
  write(files.hosts, hostsText(record, hostFiles, attachment));
  write(files.hostname, `${containerHostname(record)}\n`);
  write(files.resolvConf, resolvConf(record.hostConfig, hostFiles, record.network.mode));
}

function hostsText(
  record: ContainerRecord,
  hostFiles: HostFiles,
  attachment: Attachment | undefined,
): string {
  const base = record.network.mode === 'host' ? [readText(hostFiles.hosts).trimEnd()] : localNames;
  const extra = parseExtraHosts(record.hostConfig.ExtraHosts ?? []).flatMap(({ name, address }) => {
    const known = address === hostGateway ? gatewayAddress(record, attachment) : address;
    return known === undefined ? [] : [`${known}\t${name}`];
  });
  return `${[...base, ...extra, ...ownNames(record, attachment)].join('\n')}\n`;
}

function ownNames(record: ContainerRecord, attachment: Attachment | undefined): string[] {
  const addresses = (attachment?.endpoints ?? []).flatMap(({ ipv4 }) =>
    ipv4 === undefined ? [] : [ipv4.address],
  );
  const name = containerHostname(record);
  const domain = record.config.Domainname ?? '';
  return addresses.map((address) => `${address}\t${domain === '' ? name : `${name}.${domain} ${name}`}`);
}

function gatewayAddress(record: ContainerRecord, attachment: Attachment | undefined): string | undefined {
  return record.network.mode === 'host' ? '127.0.0.1' : attachment?.endpoints[0]?.ipv4?.gateway;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

/** Readable by every user of the container, whatever the engine's umask. */
function write(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o644 });
  chmodSync(file, 0o644);
}
