import { readFileSync } from 'node:fs';
import { isErrno } from '@gantry/kernel';
import type { Attachment, EndpointInfo } from '@gantry/network';
import type { Container } from '../container.ts';
import { hostGateway, parseExtraHosts } from '../create/options/extra-hosts.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import { containerHostname } from '../lifecycle/network-files.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { linkedContainers } from './links.ts';

const localNames: readonly string[] = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** A container's /etc/hosts: local names or the host's file, `--add-host`, links, and its own names on each network. */
export function hostsText(
  environment: ContainerEnvironment,
  container: Container,
  attachment: Attachment | undefined,
): string {
  const { record } = container;
  const base =
    record.network.mode === 'host' ? [readText(environment.defaults.hostFiles.hosts).trimEnd()] : localNames;
  const own = (attachment?.endpoints ?? []).flatMap((endpoint) => ownNames(record, endpoint));
  const lines = [...base, ...extraHosts(environment, record), ...linkLines(environment, container), ...own];
  return `${lines.join('\n')}\n`;
}

/** The text with the names of one more endpoint. */
export function withEndpoint(text: string, record: ContainerRecord, endpoint: EndpointInfo): string {
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${separator}${ownNames(record, endpoint).join('\n')}\n`;
}

/** The text without the lines of an endpoint's addresses. */
export function withoutEndpoint(text: string, endpoint: EndpointInfo): string {
  const addresses = addressesOf(endpoint);
  return linesWhere(text, (address) => !addresses.includes(address));
}

/** The text without the lines that have the name. */
export function withoutName(text: string, name: string): string {
  return text
    .split('\n')
    .filter((line) => !line.split(/\s+/).slice(1).includes(name))
    .join('\n');
}

/** The text with the address of a linked container that was started anew: that of all lines which have the alias. */
export function withLinkedAddress(text: string, alias: string, address: string): string {
  return text
    .split('\n')
    .map((line) => {
      const [old = '', ...names] = line.split(/\s+/);
      const isOld = old.includes(':') === address.includes(':') && !old.startsWith('#');
      return isOld && names.includes(alias) ? line.replace(old, address) : line;
    })
    .join('\n');
}

/** IPv4 first. */
export function addressesOf({ ipv4, ipv6 }: EndpointInfo): string[] {
  return [ipv4?.address, ipv6?.address].filter((address) => address !== undefined);
}

function ownNames(record: ContainerRecord, endpoint: EndpointInfo): string[] {
  const name = containerHostname(record);
  const domain = record.config.Domainname ?? '';
  const names = domain === '' ? name : `${name}.${domain} ${name}`;
  return addressesOf(endpoint).map((address) => `${address}\t${names}`);
}

function extraHosts(environment: ContainerEnvironment, record: ContainerRecord): string[] {
  return parseExtraHosts(record.hostConfig.ExtraHosts ?? []).flatMap(({ name, address }) => {
    const known = address === hostGateway ? hostGatewayAddresses(environment, record) : [address];
    return known.map((each) => `${each}\t${name}`);
  });
}

/** The daemon's choice, else the host's addresses on the default bridge. */
function hostGatewayAddresses(
  { defaults, ports }: ContainerEnvironment,
  { network }: ContainerRecord,
): readonly string[] {
  if (network.mode === 'host') return ['127.0.0.1'];
  if (defaults.hostGatewayAddresses.length > 0) return defaults.hostGatewayAddresses;
  const bridge = ports.network.networks().find(({ name }) => name === 'bridge');
  const gateways = (bridge?.ipam.config ?? []).flatMap(({ gateway }) => gateway ?? []);
  if (gateways.length === 0) throw new InvalidOptionError('unable to derive the IP value for host-gateway');
  return gateways;
}

function linkLines({ registry, ports }: ContainerEnvironment, container: Container): string[] {
  return linkedContainers(container, registry).flatMap(({ alias, child }) => {
    const endpoint = ports.network
      .attachment(child.id)
      ?.endpoints.find(({ networkName }) => networkName === 'bridge');
    const names = [...new Set([alias, containerHostname(child.record), child.name])].join(' ');
    return endpoint === undefined ? [] : addressesOf(endpoint).map((address) => `${address}\t${names}`);
  });
}

function linesWhere(text: string, keeps: (address: string) => boolean): string {
  return text
    .split('\n')
    .filter((line) => keeps(line.split(/\s/, 1)[0] ?? ''))
    .join('\n');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
