import { RegistryUnreachableError } from '../errors.ts';
import { readCertificates } from './certificate-directory.ts';
import { configuredHosts } from './containerd/configured-hosts.ts';
import { InsecureRegistries } from './insecure-registries.ts';
import type { RegistryHost } from './registry-host.ts';

export interface RegistryHostSettings {
  /** Addresses of mirrors of Docker Hub, asked first, in this order. */
  registryMirrors: readonly string[];
  insecureRegistries: readonly string[];
  /** Docker's `certs.d`. */
  certificateDirectory: string;
}

const hub = 'docker.io';
const hubHost = 'registry-1.docker.io';
/** Only Docker Hub searches on another host than it serves from. */
const hubSearchHost = 'index.docker.io';

/**
 * The places that answer for the registry of a name, in the order in which they are asked: mirrors, when something is read of
 * Docker Hub; the registry by https; and by http when it is insecure. A `hosts.toml` of the domain decides alone. Throws
 * `RegistryConfigurationError`.
 */
export async function registryHosts(
  settings: RegistryHostSettings,
  domain: string,
  action: 'pull' | 'push',
): Promise<RegistryHost[]> {
  const own = await ownHosts(settings, domain === hub ? hubHost : domain);
  const configured = await hostsFileOf(settings, domain, { action, own });
  if (configured !== undefined) return configured;
  const hosts: RegistryHost[] = [];
  if (domain === hub && action === 'pull') {
    for (const mirror of settings.registryMirrors) {
      hosts.push(await registryHost(settings, new URL(mirror), { isMirror: true }));
    }
  }
  hosts.push(...own);
  return hosts;
}

async function hostsFileOf(
  settings: RegistryHostSettings,
  domain: string,
  { action, own: [server] }: { action: 'pull' | 'push'; own: readonly RegistryHost[] },
): Promise<RegistryHost[] | undefined> {
  if (server === undefined) return undefined;
  const { certificateDirectory: directory } = settings;
  const certificates = (url: URL): ReturnType<typeof readCertificates> =>
    readCertificates(directory, url.host);
  return await configuredHosts({ directory, domain, server, certificates }, action);
}

/** The places that search a registry, in the order in which they are asked. Throws `RegistryConfigurationError`. */
export function searchHosts(settings: RegistryHostSettings, domain: string): Promise<RegistryHost[]> {
  return ownHosts(settings, domain === hub ? hubSearchHost : domain);
}

async function ownHosts(settings: RegistryHostSettings, host: string): Promise<RegistryHost[]> {
  const insecure = new InsecureRegistries(settings.insecureRegistries).has(host);
  const schemes = insecure ? ['https', 'http'] : ['https'];
  return Promise.all(
    schemes.map((scheme) => registryHost(settings, urlOf(`${scheme}://${host}`), { isMirror: false })),
  );
}

/** How `url` is spoken to. Throws `RegistryConfigurationError`. */
export async function registryHost(
  settings: RegistryHostSettings,
  url: URL,
  { isMirror }: { isMirror: boolean },
): Promise<RegistryHost> {
  const verifiesCertificate = !new InsecureRegistries(settings.insecureRegistries).has(url.host);
  const certificates =
    url.protocol === 'https:'
      ? await readCertificates(settings.certificateDirectory, url.host)
      : { certificateAuthorities: [] };
  const baseUrl = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  return {
    baseUrl,
    ...certificates,
    verifiesCertificate,
    isMirror,
    apiPath: '/v2',
    headers: {},
    resolvesTags: true,
    servesContent: true,
  };
}

/** Names of images allow more than names of hosts: `a:99999`. */
function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new RegistryUnreachableError(text, 'no such host: it cannot be the name of one');
  return url;
}
