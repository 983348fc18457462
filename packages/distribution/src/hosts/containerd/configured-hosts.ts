import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RegistryConfigurationError } from '../../errors.ts';
import type { RegistryHost } from '../registry-host.ts';
import { type ConfiguredHost, type HostCapability, readHostsFile } from './hosts-file.ts';

export interface HostsOfDomain {
  /** Docker's `certs.d`. */
  directory: string;
  domain: string;
  /** Where the registry is when the file does not say so. */
  server: RegistryHost;
  /** Certificates that Docker's files name for a host. */
  certificates: (url: URL) => Promise<Pick<RegistryHost, 'certificateAuthorities' | 'clientCertificate'>>;
}

/**
 * The places that `certs.d/<domain>/hosts.toml` names for an action, in the order in which they are asked, the registry itself last;
 * undefined without such a file. What is written goes to one place: the first that takes it. Throws `RegistryConfigurationError`,
 * also when nothing is left.
 */
export async function configuredHosts(
  options: HostsOfDomain,
  action: 'pull' | 'push',
): Promise<RegistryHost[] | undefined> {
  const file = path.join(options.directory, options.domain, 'hosts.toml');
  const found = await readHostsFile(file);
  if (found === undefined) return undefined;
  const wanted: HostCapability[] = action === 'push' ? ['push'] : ['pull', 'resolve'];
  const serves = ({ capabilities }: ConfiguredHost): boolean => wanted.some((one) => capabilities.has(one));
  const registry = found.server?.url.origin ?? new URL(options.server.baseUrl).origin;
  const hosts = await Promise.all(
    found.hosts
      .filter(serves)
      .map((host) => hostOf(options, host, { isMirror: host.url.origin !== registry })),
  );
  const { server } = found;
  if (server === undefined) hosts.push(options.server);
  else if (serves(server)) hosts.push(await hostOf(options, server, { isMirror: false }));
  if (hosts.length === 0)
    throw new RegistryConfigurationError(file, `names no host that can be asked to ${action}`);
  return action === 'push' ? hosts.slice(0, 1) : hosts;
}

async function hostOf(
  { certificates }: HostsOfDomain,
  host: ConfiguredHost,
  { isMirror }: { isMirror: boolean },
): Promise<RegistryHost> {
  const { url, clientFiles, capabilities } = host;
  const known = url.protocol === 'https:' ? await certificates(url) : { certificateAuthorities: [] };
  const own = await Promise.all(host.authorityFiles.map(readPem));
  const clientCertificate = clientFiles && {
    certificate: await readPem(clientFiles.certificate),
    key: await readPem(clientFiles.key),
  };
  return {
    ...known,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    apiPath: host.overridesPath ? '' : '/v2',
    certificateAuthorities: [...known.certificateAuthorities, ...own],
    verifiesCertificate: !host.skipsVerification,
    headers: host.headers,
    resolvesTags: capabilities.has('resolve'),
    servesContent: capabilities.has('pull') || capabilities.has('push'),
    isMirror,
  };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new RegistryConfigurationError(file, 'cannot be read', error);
  }
}
