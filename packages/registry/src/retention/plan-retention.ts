import { matchesAny } from '../patterns/name-pattern.ts';
import type { ManifestInfo } from '../storage/manifests.ts';
import type { TagInfo } from '../storage/tags.ts';
import type { RetentionRule } from './retention-settings.ts';

/** A repository as it is. */
export interface RepositoryContent {
  repository: string;
  tags: readonly TagInfo[];
  manifests: readonly ManifestInfo[];
}

export interface RetentionPlan {
  tags: readonly string[];
  /** Their digests, in an order in which none is needed by one that goes later. */
  manifests: readonly string[];
}

export interface PlanOptions {
  rules: readonly RetentionRule[];
  now: Date;
  /** Tags that stay whatever the rules say. */
  isImmutable: (tag: string) => boolean;
}

/** What of a repository may go. A manifest goes only when no tag that stays, index or subject needs it. */
export function planRetention(content: RepositoryContent, options: PlanOptions): RetentionPlan {
  const rules = options.rules.filter(({ repositories }) => matchesAny(repositories, content.repository));
  const groups = Map.groupBy(content.tags, ({ tag }) => rules.find((rule) => matchesTag(rule, tag)));
  const leaving = [...groups].flatMap(([rule, tags]) =>
    rule === undefined ? [] : leavingTags(rule, tags, options),
  );
  const [untagged] = rules.flatMap(({ removeUntaggedAfterMs }) => removeUntaggedAfterMs ?? []);
  const gone = new Set(leaving);
  const staying = content.tags.filter(({ tag }) => !gone.has(tag));
  return {
    tags: leaving,
    manifests: untagged === undefined ? [] : leavingManifests(content, { staying, oldMs: untagged, options }),
  };
}

/** A rule for what has no tag says nothing about tags. */
function matchesTag(rule: RetentionRule, tag: string): boolean {
  const { keepLast, keepPushedWithinMs, keepPulledWithinMs, keepTags, tags } = rule;
  const judges = [keepLast, keepPushedWithinMs, keepPulledWithinMs, keepTags].some(
    (reason) => reason !== undefined,
  );
  return judges && (tags === undefined || matchesAny(tags, tag));
}

function leavingTags(rule: RetentionRule, tags: readonly TagInfo[], options: PlanOptions): string[] {
  const newestFirst = tags.toSorted(
    (a, b) => b.pushedAt.localeCompare(a.pushedAt) || a.tag.localeCompare(b.tag),
  );
  return newestFirst
    .filter((tag, place) => !isKept(rule, tag, { place, now: options.now }) && !options.isImmutable(tag.tag))
    .map(({ tag }) => tag);
}

function isKept(
  { keepLast, keepPushedWithinMs, keepPulledWithinMs, keepTags }: RetentionRule,
  { tag, pushedAt, pulledAt = pushedAt }: TagInfo,
  { place, now }: { place: number; now: Date },
): boolean {
  const isWithin = (time: string, limitMs: number): boolean => now.getTime() - Date.parse(time) < limitMs;
  const lastUse = pulledAt > pushedAt ? pulledAt : pushedAt;
  return (
    place < (keepLast ?? 0) ||
    (keepPushedWithinMs !== undefined && isWithin(pushedAt, keepPushedWithinMs)) ||
    (keepPulledWithinMs !== undefined && isWithin(lastUse, keepPulledWithinMs)) ||
    matchesAny(keepTags ?? [], tag)
  );
}

/** Indexes before what they are made of. What refers to a subject stays as long as that does. */
function leavingManifests(
  { manifests }: RepositoryContent,
  { staying, oldMs, options }: { staying: readonly TagInfo[]; oldMs: number; options: PlanOptions },
): string[] {
  const needed = new Set<string>(staying.map(({ digest }) => digest));
  const isYoung = ({ pushedAt, pulledAt = pushedAt }: ManifestInfo): boolean =>
    options.now.getTime() - Date.parse(pulledAt > pushedAt ? pulledAt : pushedAt) < oldMs;
  for (const manifest of manifests) if (isYoung(manifest)) needed.add(manifest.digest);
  for (let before = -1; before !== needed.size; ) {
    before = needed.size;
    for (const { digest, references, subject } of manifests) {
      if (subject !== undefined && needed.has(subject)) needed.add(digest);
      if (needed.has(digest))
        for (const part of references) if (part.role === 'manifest') needed.add(part.digest);
    }
  }
  const leaving = manifests.filter(({ digest }) => !needed.has(digest));
  return leaving.toSorted((a, b) => partsOf(b) - partsOf(a)).map(({ digest }) => digest);
}

function partsOf({ references }: ManifestInfo): number {
  return references.filter(({ role }) => role === 'manifest').length;
}
