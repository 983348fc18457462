import type { Section } from '../settings/section.ts';

/** Another registry, and who we are there. */
export interface RemoteSettings {
  /** `docker.io`, `registry.example.org:5000`. */
  registry: string;
  /** Missing: nobody. */
  username?: string;
  /** Holds the password, or a robot's token, without line end. */
  passwordFile?: string;
  /** Whether http, and a certificate that nobody signed, will do. */
  isInsecure: boolean;
  /** Docker's `certs.d`: authorities and client certificates by host. */
  certificateDirectory: string;
}

const host = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[a-fA-F0-9:]+\])(?::\d{1,5})?$/;

/** Reads the keys of a remote registry from a section that may have others. Throws `RegistrySettingsError`. */
export function readRemoteSettings(section: Section): RemoteSettings {
  const registry = section.required('registry', section.text('registry'));
  if (!host.test(registry))
    section.fail('registry', 'must be a host, with a port where it needs one, and no path');
  const username = section.text('username');
  const passwordFile = section.text('password-file');
  if ((username === undefined) !== (passwordFile === undefined)) {
    section.fail(
      username === undefined ? 'username' : 'password-file',
      'is missing: the two belong together',
    );
  }
  return {
    registry,
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    isInsecure: section.flag('insecure') ?? false,
    certificateDirectory: section.text('certs-dir') ?? '/etc/docker/certs.d',
  };
}
