import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AptSource } from './apt-source.ts';
import type { Distribution } from './distribution.ts';
import { parseReleaseFile, releaseListName } from './release-file.ts';

/** The host, as far as its choice of mirror matters. */
export interface AptHost {
  sources: readonly AptSource[];
  /** os-release's ID and VERSION_CODENAME. */
  distributionId: string;
  codename: string;
  /** Where apt keeps Release files; they say whose archive an address is. */
  listsDirectory: string;
}

/** Where one distribution's packages are on this host's mirror. */
export interface Archive {
  distribution: Distribution;
  /** The main archive, for any suite. */
  base: AptSource;
  /** Present when the host uses them. */
  updates: AptSource | undefined;
  security: AptSource | undefined;
  /** Suites of the main archive that the host uses. */
  hostSuites: readonly string[];
}

const pocket = /(?:-(?:updates|security|backports|backports-sloppy|proposed|proposed-updates)|\/updates)$/;

/**
 * Picks the distribution's own archive among all that the host's apt uses (third parties have suites of the same name).
 * Whose an archive is: the Origin of its Release file in apt's lists; without one, the key ring that it is signed by; without
 * one, whether it has the host's own suite and the host's default keys. Whoever uses the archive checks the Origin of
 * what apt fetched and verified. Undefined when the host has none.
 */
export async function chooseArchive(
  host: AptHost,
  distribution: Distribution,
  suite: string,
): Promise<Archive | undefined> {
  const rated = await Promise.all(
    host.sources.map(async (source) => ({ source, rating: await rate(host, distribution, source) })),
  );
  const own = rated
    .filter(({ rating }) => rating > 0)
    .sort((left, right) => right.rating - left.rating)
    .map(({ source }) => source);
  const main = own.filter((source) => !pocket.test(source.suite));
  const base = main.find((source) => source.suite === suite) ?? main[0];
  if (base === undefined) return undefined;
  const components = distribution.components.filter((component) => base.components.includes(component));
  return {
    distribution,
    base: { ...base, components },
    updates: own.find((source) => source.suite.endsWith('-updates')),
    security: own.find((source) => /-security$|\/updates$/.test(source.suite)),
    hostSuites: [...new Set(main.map((source) => source.suite))],
  };
}

/** The sources for a suite: itself, and its updates and security suites as far as the host uses such. */
export function sourcesFor(archive: Archive, suite: string): AptSource[] {
  const { base, updates, security, distribution } = archive;
  const main = { ...base, suite };
  if (distribution.rolling.includes(suite)) return [main];
  const pockets = [
    ...(updates === undefined ? [] : [{ ...updates, suite: `${suite}-updates` }]),
    ...(security === undefined ? [] : [{ ...security, suite: `${suite}-security` }]),
  ];
  return [main, ...pockets.map((source) => ({ ...source, components: base.components }))];
}

async function rate(host: AptHost, distribution: Distribution, source: AptSource): Promise<number> {
  if (!source.components.includes('main') || !/^(?:https?|ftp|file|copy|mirror\+):?/.test(source.uri))
    return 0;
  const origin = await listedOrigin(host.listsDirectory, source);
  if (origin !== undefined) return origin === distribution.origin ? 3 : 0;
  if (source.signedBy?.includes(distribution.keyringPrefix) === true) return 2;
  const isHostSuite = source.suite.replace(pocket, '') === host.codename;
  return source.signedBy === undefined && isHostSuite && host.distributionId === distribution.id ? 1 : 0;
}

async function listedOrigin(listsDirectory: string, source: AptSource): Promise<string | undefined> {
  const name = releaseListName(source.uri, source.suite);
  for (const suffix of ['InRelease', 'Release']) {
    const text = await readFile(path.join(listsDirectory, `${name}_${suffix}`), 'utf8').catch(
      () => undefined,
    );
    const release = text === undefined ? undefined : parseReleaseFile(text);
    if (release !== undefined) return release.origin;
  }
  return undefined;
}
