import { type NamePattern, namePattern } from '../patterns/name-pattern.ts';
import { Section } from '../settings/section.ts';

/** What may be written. */
export interface RuleSettings {
  immutableTags: readonly ImmutableTags[];
  quotas: readonly Quota[];
  mediaTypes: readonly MediaTypeRule[];
}

/** Tags that are written once, and neither changed nor removed. */
export interface ImmutableTags {
  repositories: readonly NamePattern[];
  tags: readonly NamePattern[];
}

/** Room for all matching repositories together; what they share is counted once. */
export interface Quota {
  repositories: readonly NamePattern[];
  limitBytes: number;
}

/** What matching repositories take: media types of manifests, or artifact types. */
export interface MediaTypeRule {
  repositories: readonly NamePattern[];
  allowed: readonly string[];
}

/** Reads the section `rules` of the configuration. Throws `RegistrySettingsError`. */
export function readRuleSettings(value: unknown): RuleSettings {
  const section = new Section(value, 'rules');
  const settings = {
    immutableTags: readAll(section, 'immutable-tags', (item) => ({
      repositories: readPatterns(item, 'repositories') ?? everything,
      tags: readPatterns(item, 'tags') ?? everything,
    })),
    quotas: readAll(section, 'quotas', (item) => ({
      repositories: item.required('repositories', readPatterns(item, 'repositories')),
      limitBytes: item.required('size', item.sizeBytes('size')),
    })),
    mediaTypes: readAll(section, 'media-types', (item) => ({
      repositories: readPatterns(item, 'repositories') ?? everything,
      allowed: item.required('allowed', item.texts('allowed')),
    })),
  };
  section.end();
  return settings;
}

const everything: readonly NamePattern[] = [namePattern('**', 'everything')];

/** A list of patterns; undefined when it is not there. Throws `RegistrySettingsError`. */
export function readPatterns(section: Section, key: string): readonly NamePattern[] | undefined {
  return section.texts(key)?.map((text) => namePattern(text, key));
}

function readAll<T>(section: Section, key: string, read: (item: Section) => T): T[] {
  return (section.sections(key) ?? []).map((item) => {
    const rule = read(item);
    item.end();
    return rule;
  });
}
