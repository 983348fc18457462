import { createHash } from 'node:crypto';
import path from 'node:path';
import { hostPlatform } from '@gantry/oci';
import type { AptSource } from './apt/apt-source.ts';
import { type AptHost, type Archive, chooseArchive, sourcesFor } from './apt/choose-archive.ts';
import { debianArchitecture } from './apt/debian-architecture.ts';
import { type Distribution, distributions } from './apt/distribution.ts';
import { PrivateApt } from './apt/private-apt.ts';
import { readAptSources } from './apt/read-sources.ts';
import type { ReleaseFile } from './apt/release-file.ts';
import { rootfsVersion } from './build/distribution-rootfs.ts';
import { readOsRelease } from './build/os-release.ts';
import { MirrorFailedError, MirrorNotConfiguredError, UnknownSuiteError } from './errors.ts';

export interface HostPaths {
  /** `/etc/apt`. */
  aptDirectory: string;
  /** `/var/lib/apt/lists`. */
  listsDirectory: string;
  /** `/etc/os-release`. */
  osReleaseFile: string;
}

/** A suite that the host's mirror has now, verified by apt. */
export interface FoundSuite {
  distribution: Distribution;
  /** Its codename. */
  suite: string;
  /** The suite itself, and those of its updates and security suites that exist. */
  sources: readonly AptSource[];
  release: ReleaseFile;
  /** Equal as long as the packages of all these suites are the same. */
  fingerprint: string;
}

export interface FindOptions {
  /** For messages. */
  image: string;
  /** A new directory for apt, which the caller removes. */
  directory: string;
  signal?: AbortSignal;
}

/** Reads what of the host's configuration says where its distribution's packages are. */
export async function readAptHost(paths: HostPaths): Promise<AptHost> {
  const osRelease = await readOsRelease(paths.osReleaseFile);
  return {
    sources: await readAptSources(paths.aptDirectory),
    distributionId: osRelease.get('ID') ?? '',
    codename: osRelease.get('VERSION_CODENAME') ?? '',
    listsDirectory: paths.listsDirectory,
  };
}

/** What `latest` is: the host's own suite, on a host of that distribution. Undefined when there is no sensible answer. */
export function latestSuite(host: AptHost, distribution: Distribution): string | undefined {
  const own = host.distributionId === distribution.id && host.codename !== '' ? host.codename : undefined;
  return own ?? distribution.defaultSuite;
}

/** The host's archive of a distribution. Throws `MirrorNotConfiguredError`. */
export async function findArchive(
  host: AptHost,
  distribution: Distribution,
  options: { image: string; suite: string | undefined },
): Promise<Archive> {
  const archive = await chooseArchive(host, distribution, options.suite ?? '');
  if (archive !== undefined) return archive;
  const known: string[] = [];
  for (const other of Object.values(distributions)) {
    const found = await chooseArchive(host, other, '');
    if (found !== undefined) known.push(`mirror/${other.id} (${found.hostSuites.join(', ')})`);
  }
  throw new MirrorNotConfiguredError(options.image, known);
}

/**
 * Asks the mirror for a suite, through apt. Throws `UnknownSuiteError` naming the suites that are there, or
 * `MirrorFailedError` when the mirror does not answer, its signature is not good, or it is not that distribution's.
 */
export async function findSuite(archive: Archive, suite: string, options: FindOptions): Promise<FoundSuite> {
  const { distribution } = archive;
  const { image, signal } = options;
  const apt = (name: string): PrivateApt =>
    new PrivateApt({
      directory: path.join(options.directory, name),
      image,
      ...(signal === undefined ? {} : { signal }),
    });
  const wanted = sourcesFor(archive, suite);
  const { releases, complaints } = await apt('release').update(wanted, false);
  const release = releases.get(suite);
  if (release === undefined) {
    if (isUnreachable(complaints) || isBadSignature(complaints))
      throw new MirrorFailedError(image, complaints);
    const known = await knownSuites(apt('known'), archive);
    if (known.length === 0) throw new MirrorFailedError(image, complaints);
    throw new UnknownSuiteError(image, suite, known);
  }
  if (release.origin !== distribution.origin) {
    throw new MirrorFailedError(
      image,
      `the mirror's origin is ${release.origin}, not ${distribution.origin}`,
    );
  }
  // Updates and security suites are kept up by codename; by alias they may lag behind.
  const { codename } = release;
  if (codename !== '' && codename !== suite) {
    return findSuite(archive, codename, { ...options, directory: path.join(options.directory, 'alias') });
  }
  const sources = wanted.filter((source) => releases.has(source.suite));
  return { distribution, suite, sources, release, fingerprint: fingerprintOf(sources, releases) };
}

function isUnreachable(complaints: string): boolean {
  return /failure resolving|could not resolve|could not connect|unable to connect|timed out/i.test(
    complaints,
  );
}

function isBadSignature(complaints: string): boolean {
  return /NO_PUBKEY|not signed|EXPKEYSIG|BADSIG|signatures? (?:were|couldn't)|key .*expired/i.test(
    complaints,
  );
}

/** `bookworm (oldstable)`, … */
async function knownSuites(apt: PrivateApt, archive: Archive): Promise<string[]> {
  const suites = [...new Set([...archive.hostSuites, ...archive.distribution.aliases])];
  const { releases } = await apt.update(
    suites.map((suite) => ({ ...archive.base, suite })),
    false,
  );
  const known = [...releases.values()].map(({ codename, suite }) =>
    suite === '' || suite === codename ? codename : `${codename} (${suite})`,
  );
  return [...new Set(known)];
}

function fingerprintOf(sources: readonly AptSource[], releases: ReadonlyMap<string, ReleaseFile>): string {
  const architecture = debianArchitecture(hostPlatform()) ?? '';
  const facts = sources.map(({ uri, suite, components }) => {
    const checksums = releases.get(suite)?.checksums;
    const lists = components.map((component) => `${component}/binary-${architecture}/Packages`);
    return [uri, suite, ...lists.map((list) => `${list} ${checksums?.get(list) ?? ''}`)];
  });
  return createHash('sha256')
    .update(JSON.stringify([rootfsVersion, architecture, facts]))
    .digest('hex');
}
