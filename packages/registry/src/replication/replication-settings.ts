import { type NamePattern, namePattern } from '../patterns/name-pattern.ts';
import { type RemoteSettings, readRemoteSettings } from '../remote/remote-settings.ts';
import { readPatterns } from '../rules/rule-settings.ts';
import { Section } from '../settings/section.ts';

/** A registry that gets what is pushed here. What is removed here stays there. */
export interface ReplicationSettings extends RemoteSettings {
  name: string;
  repositories: readonly NamePattern[];
  /** Missing: all tags, and manifests that are pushed without one (signatures). */
  tags?: readonly NamePattern[];
  /** Where the repositories lie there: `backup` makes `backup/team/app` of `team/app`. Empty: in the same place. */
  prefix: string;
}

const name = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Reads the list `replication` of the configuration. Throws `RegistrySettingsError`. */
export function readReplicationSettings(value: unknown): readonly ReplicationSettings[] {
  const root = new Section({ replication: value }, 'configuration');
  const targets = (root.sections('replication') ?? []).map(readTarget);
  const names = targets.map((target) => target.name);
  const twin = names.find((entry, index) => names.indexOf(entry) !== index);
  if (twin !== undefined) root.fail('replication', `two are called ${twin}`);
  return targets;
}

function readTarget(section: Section): ReplicationSettings {
  const text = section.required('name', section.text('name'));
  if (!name.test(text)) section.fail('name', 'must be small letters, digits and . _ -');
  const tags = readPatterns(section, 'tags');
  const target = {
    ...readRemoteSettings(section),
    name: text,
    repositories: readPatterns(section, 'repositories') ?? [namePattern('**', 'everything')],
    ...(tags === undefined ? {} : { tags }),
    prefix: section.text('prefix')?.replace(/\/+$/, '') ?? '',
  };
  section.end();
  return target;
}
