import type { NamePattern } from '../patterns/name-pattern.ts';
import { readPatterns } from '../rules/rule-settings.ts';
import { Section } from '../settings/section.ts';

export interface RetentionSettings {
  /** How often it is looked what may go. */
  intervalMs: number;
  rules: readonly RetentionRule[];
}

/** A tag is judged by the first rule that matches it, and kept when one of the rule's reasons to keep it holds. */
export interface RetentionRule {
  repositories: readonly NamePattern[];
  /** Missing: all tags. */
  tags?: readonly NamePattern[];
  /** The newest ones by their push, of those that the rule matches in a repository. */
  keepLast?: number;
  keepPushedWithinMs?: number;
  /** Never pulled counts as pulled when it was pushed. */
  keepPulledWithinMs?: number;
  keepTags?: readonly NamePattern[];
  /** Manifests without a tag, that no other one needs, go so long after their push. Missing: they stay. */
  removeUntaggedAfterMs?: number;
}

/** Reads the section `retention` of the configuration. Throws `RegistrySettingsError`. */
export function readRetentionSettings(value: unknown): RetentionSettings {
  const section = new Section(value, 'retention');
  const settings = {
    intervalMs: section.durationMs('interval') ?? 3_600_000,
    rules: (section.sections('rules') ?? []).map(readRule),
  };
  section.end();
  return settings;
}

function readRule(section: Section): RetentionRule {
  const tags = readPatterns(section, 'tags');
  const rule = {
    repositories: section.required('repositories', readPatterns(section, 'repositories')),
    ...(tags === undefined ? {} : { tags }),
    ...reasons(section),
  };
  section.end();
  if (Object.keys(rule).every((key) => key === 'repositories' || key === 'tags')) {
    section.fail('keep-last', 'is missing, as is every other reason to keep something: all would go');
  }
  return rule;
}

function reasons(section: Section): Omit<RetentionRule, 'repositories' | 'tags'> {
  const read = {
    keepLast: section.count('keep-last', { least: 1, most: 1_000_000 }),
    keepPushedWithinMs: section.durationMs('keep-pushed-within'),
    keepPulledWithinMs: section.durationMs('keep-pulled-within'),
    keepTags: readPatterns(section, 'keep-tags'),
    removeUntaggedAfterMs: section.durationMs('remove-untagged-after'),
  };
  return Object.fromEntries(Object.entries(read).filter(([, item]) => item !== undefined));
}
