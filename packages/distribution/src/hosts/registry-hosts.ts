import { readCertificates } from './certificate-directory.ts';
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

/**
 * The places that answer for the registry of a name, in the order in which they are asked: mirrors, when something is read of
 * Docker Hub; the registry by https; and by http when it is insecure. Throws `RegistryConfigurationError`.
 */
export async function registryHosts(
  settings: RegistryHostSettings,
  domain: string,
  action: 'pull' | 'push',
): Promise<RegistryHost[]> {
  const hosts: RegistryHost[] = [];
  if (domain === hub && action === 'pull') {
    for (const mirror of settings.registryMirrors) {
      hosts.push(await registryHost(settings, new URL(mirror), { isMirror: true }));
    }
  }
  const host = domain === hub ? hubHost : domain;
  const insecure = new InsecureRegistries(settings.insecureRegistries).has(host);
  hosts.push(await registryHost(settings, new URL(`https://${host}`), { isMirror: false }));
  if (insecure) hosts.push(await registryHost(settings, new URL(`http://${host}`), { isMirror: false }));
  return hosts;
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
  return { baseUrl, ...certificates, verifiesCertificate, isMirror };
}
