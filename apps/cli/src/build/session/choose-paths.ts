import { posix } from 'node:path';
import { PathPattern, PathPatterns } from '@gantry/dockerfile';
import type { PathChoice, SentTree } from './sent-tree.ts';

export interface PathSelection {
  /** Only what one of these matches; everything when there are none. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** As `include`, and with what links in them lead to. */
  readonly follow: readonly string[];
}

/** What of a tree is sent. Throws `PathPatternError` for a pattern that is none. */
export function choosePaths(tree: SentTree, { include, exclude, follow }: PathSelection): PathChoice {
  const followed = follow.length > 0 ? followLinks(tree, follow) : [];
  const includesAll = (include.length === 0 && follow.length === 0) || followed.includes('.');
  const included = includesAll ? undefined : new PathPatterns([...include, ...followed]);
  const excluded = new PathPatterns(exclude);
  return {
    includes: (path) => (included?.matches(path) ?? true) && !excluded.matches(path),
    enters: (directory) =>
      !excluded.coversAllBelow(directory) &&
      (included === undefined || included.matches(directory) || included.mayMatchBelow(directory)),
  };
}

/** The paths that lead to what is meant when links are followed within the tree; patterns stay patterns. `.` is all of it. */
function followLinks(tree: SentTree, paths: readonly string[]): string[] {
  const found = new Set<string>();
  const waiting = paths.map(withinRoot);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const { prefix, targets } = firstLink(tree, path);
    if (found.has(prefix)) continue;
    found.add(prefix);
    waiting.push(...targets);
  }
  return [...found];
}

/** The path up to its first link, and where it goes on from there; the whole path when it has none. */
function firstLink(tree: SentTree, path: string): { prefix: string; targets: string[] } {
  const names = path.split('/');
  for (let length = 1; length <= names.length; length++) {
    const prefix = names.slice(0, length).join('/');
    const rest = names.slice(length).join('/');
    const targets = linkTargets(tree, prefix);
    if (targets.length === 0) continue;
    const isPattern = /[*?[]/.test(names[length - 1] ?? '');
    return {
      prefix: isPattern ? path : prefix,
      targets: targets.map((target) => withinRoot(rest === '' ? target : `${target}/${rest}`)),
    };
  }
  return { prefix: path, targets: [] };
}

function linkTargets(tree: SentTree, path: string): string[] {
  const parent = posix.dirname(path);
  const name = posix.basename(path);
  const directory = parent === '.' ? '' : parent;
  const join = (one: string): string => (directory === '' ? one : `${directory}/${one}`);
  const candidates = /[*?[]/.test(name)
    ? tree
        .names(directory)
        .filter((one) => new PathPattern(name).matches(one))
        .map(join)
    : [path];
  return candidates.flatMap((candidate) => {
    const target = tree.linkTarget(candidate);
    if (target === undefined) return [];
    const resolved = target.startsWith('/') ? target : `${posix.dirname(`/${candidate}`)}/${target}`;
    return [candidate, withinRoot(resolved)].slice(candidates.length > 1 || candidate !== path ? 0 : 1);
  });
}

/** Relative, and nowhere above the root; `.` for the root itself. */
function withinRoot(path: string): string {
  return posix.normalize(`/${path}`).replace(/^\//, '').replace(/\/$/, '') || '.';
}
