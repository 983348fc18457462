import { type RemoteSettings, readRemoteSettings } from '../remote/remote-settings.ts';
import { Section } from '../settings/section.ts';

/** Another registry whose content is served here under a prefix. */
export interface CacheSettings extends RemoteSettings {
  /** `hub` serves `docker.io/library/debian` as `hub/library/debian`. Empty: everything here is the other registry's. */
  prefix: string;
  /** How long a tag is believed before it is asked for again. */
  tagLifetimeMs: number;
  /** How long the other registry may take to answer for a manifest. */
  timeoutMs: number;
}

const pathComponents = /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/;

/** Reads the list `cache` of the configuration. Throws `RegistrySettingsError`. */
export function readCacheSettings(value: unknown): readonly CacheSettings[] {
  const root = new Section({ cache: value }, 'configuration');
  const caches = (root.sections('cache') ?? []).map(readCache);
  const prefixes = caches.map(({ prefix }) => prefix);
  const twin = prefixes.find((prefix, index) =>
    prefixes.some((other, at) => at !== index && (other === '' || `${prefix}/`.startsWith(`${other}/`))),
  );
  if (twin !== undefined) root.fail('cache', `"${twin}" lies within the prefix of another registry`);
  return caches;
}

function readCache(section: Section): CacheSettings {
  const prefix = section.text('prefix') ?? '';
  if (prefix !== '' && !pathComponents.test(prefix))
    section.fail('prefix', 'must be the begin of a repository name');
  const settings = {
    ...readRemoteSettings(section),
    prefix,
    tagLifetimeMs: section.durationMs('tag-lifetime') ?? 600_000,
    timeoutMs: section.durationMs('timeout') ?? 15_000,
  };
  section.end();
  return settings;
}
