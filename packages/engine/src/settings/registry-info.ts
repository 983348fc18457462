import type { SystemInfo } from '@gantry/api-types';
import type { EngineSettings } from './engine-settings.ts';

/** Docker reaches registries on the loopback without TLS, whatever is configured. */
const loopbackRanges = ['::1/128', '127.0.0.0/8'];

/** What `docker info` tells of registries. */
export function registryInfo({
  insecureRegistries,
  registryMirrors,
}: Pick<EngineSettings, 'insecureRegistries' | 'registryMirrors'>): NonNullable<
  SystemInfo['RegistryConfig']
> {
  const isRange = (text: string): boolean => /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(text);
  const Mirrors = registryMirrors.map((mirror) => (mirror.endsWith('/') ? mirror : `${mirror}/`));
  const insecure = insecureRegistries
    .filter((text) => !isRange(text))
    .map((Name) => [Name, { Name, Mirrors: [], Secure: false, Official: false }] as const);
  return {
    InsecureRegistryCIDRs: [...loopbackRanges, ...insecureRegistries.filter(isRange)],
    IndexConfigs: {
      'docker.io': { Name: 'docker.io', Mirrors, Secure: true, Official: true },
      ...Object.fromEntries(insecure),
    },
    Mirrors,
  };
}
