import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProgressMessage } from '@gantry/api-types';
import { contained } from '@gantry/kernel';
import { type AptSource, formatDeb822 } from '../apt/apt-source.ts';
import type { Distribution } from '../apt/distribution.ts';
import { MirrorFailedError } from '../errors.ts';
import { type ProgramResult, programOutput, runProgram } from '../run-program.ts';

export interface RootfsRequest {
  /** For messages. */
  image: string;
  distribution: Distribution;
  suite: string;
  sources: readonly AptSource[];
  /** Leave manuals and documentation out. */
  slim: boolean;
  /** Files' times are not later than this. */
  releaseDate: Date;
  /** Made by the caller, who removes it. */
  directory: string;
  onProgress: (message: ProgressMessage) => void;
  signal?: AbortSignal;
}

/** Raise it whenever what is made of the same packages changes. */
export const rootfsVersion = 1;

/**
 * The tar of a minimal root file system (essential packages and apt), made by mmdebstrap in namespaces of its own. apt
 * verifies every package as on the host. Two makings of the same packages give the same tar, as far as the packages' own
 * scripts allow. Throws `MirrorFailedError` with mmdebstrap's words, `ProgramMissingError`.
 */
export async function* distributionRootfs(request: RootfsRequest): AsyncGenerator<Uint8Array> {
  const { image, suite, directory, releaseDate } = request;
  const temporary = path.join(directory, 'tmp');
  await mkdir(temporary);
  const uploads = await writeUploads(request);
  const command = [
    'mmdebstrap',
    '--variant=minbase',
    '--mode=root',
    '--format=tar',
    ...(await proxyOptions(image)),
    ...(request.sources.some(({ uri }) => uri.startsWith('https:')) ? ['--include=ca-certificates'] : []),
    // A root file system that is thrown away when anything fails needs no fsync; nor does a container's.
    '--dpkgopt=force-unsafe-io',
    ...(request.slim ? slimOptions : []),
    `--customize-hook=${cleanUp}`,
    ...uploads.map(({ file, target }) => `--customize-hook=upload ${file} ${target}`),
    '--customize-hook=chmod 0755 "$1/usr/sbin/policy-rc.d"',
    suite,
    '-',
    path.join(directory, 'build-sources', request.distribution.id),
  ];
  yield* programOutput(
    contained(command),
    {
      program: 'mmdebstrap',
      packageName: 'mmdebstrap',
      purpose: image,
      variables: {
        LC_ALL: 'C.UTF-8',
        TMPDIR: temporary,
        SOURCE_DATE_EPOCH: String(Math.floor(releaseDate.getTime() / 1000)),
      },
      onErrorLine: (line) => reportPhase(line, suite, request.onProgress),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    },
    (result) => new MirrorFailedError(image, lastWords(result)),
  );
}

/** A constant script: `$1` is the root file system, made of verified packages only. */
const cleanUp = [
  'rm -rf',
  ...[
    'etc/hostname',
    'etc/resolv.conf',
    'etc/machine-id',
    'etc/apt/sources.list',
    'etc/apt/sources.list.d/*',
    'etc/apt/apt.conf.d/99mmdebstrap',
    'var/cache/apt/*.bin',
    'var/cache/ldconfig/aux-cache',
    'var/cache/debconf/*-old',
    'var/lib/dpkg/*-old',
    'var/log/apt/*',
    'var/log/*.log',
  ].map((name) => `"$1"/${name}`),
].join(' ');

const slimOptions = [
  ...['doc', 'groff', 'info', 'linda', 'lintian', 'locale', 'man'].map(
    (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
  ),
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
  '--dpkgopt=path-include=/usr/share/locale/locale.alias',
];

/** What makes apt behave in an image: no caches in layers, no translations, no service started by a package. */
const imageFiles: Readonly<Record<string, string>> = {
  '/etc/apt/apt.conf.d/docker-clean': `DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`,
  '/etc/apt/apt.conf.d/docker-gzip-indexes': 'Acquire::GzipIndexes "true";\n',
  '/etc/apt/apt.conf.d/docker-no-languages': 'Acquire::Languages "none";\n',
  '/etc/apt/apt.conf.d/docker-autoremove-suggests': 'Apt::AutoRemove::SuggestsImportant "false";\n',
  '/usr/sbin/policy-rc.d':
    '#!/bin/sh\n# No service is started when a package is installed in a container.\nexit 101\n',
};

interface Upload {
  file: string;
  /** In the image. */
  target: string;
}

async function writeUploads({ directory, distribution, sources }: RootfsRequest): Promise<Upload[]> {
  await mkdir(path.join(directory, 'build-sources'));
  await writeFile(
    path.join(directory, 'build-sources', distribution.id),
    sources.map(formatDeb822).join('\n'),
  );
  const folder = path.join(directory, 'upload');
  await mkdir(folder);
  const keys = new Map<string, string>();
  const own = sources.map((source) => ({
    ...source,
    signedBy: imageKeyring(source.signedBy, distribution, keys),
  }));
  const contents = {
    [`/etc/apt/sources.list.d/${distribution.id}.sources`]: own.map(formatDeb822).join('\n'),
  };
  const uploads: Upload[] = [];
  for (const [target, content] of Object.entries({ ...imageFiles, ...contents })) {
    const file = path.join(folder, `${uploads.length}`);
    await writeFile(file, content);
    uploads.push({ file, target });
  }
  for (const [source, target] of keys) {
    const file = path.join(folder, `${uploads.length}`);
    await copyFile(source, file);
    uploads.push({ file, target });
  }
  return uploads;
}

/** The distribution's own key ring is in every image of it; another one is copied in, and `keys` says where. */
function imageKeyring(
  signedBy: string | undefined,
  distribution: Distribution,
  keys: Map<string, string>,
): string | undefined {
  if (signedBy === undefined || signedBy.includes('\n')) return signedBy;
  const words = signedBy.split(/[\s,]+/).map((word) => {
    if (!word.startsWith('/')) return word;
    const name = path.basename(word);
    if (name.startsWith(distribution.keyringPrefix)) {
      return `/usr/share/keyrings/${distribution.keyringPrefix}keyring.gpg`;
    }
    const target = `/usr/share/keyrings/${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`;
    keys.set(word, target);
    return target;
  });
  return [...new Set(words)].join(' ');
}

/** mmdebstrap does not read the host's apt.conf; without the proxy it may reach nothing. */
async function proxyOptions(image: string): Promise<string[]> {
  const { stdout } = await runProgram(['apt-config', 'dump', '--no-empty', 'Acquire'], {
    packageName: 'apt',
    purpose: image,
    variables: { LC_ALL: 'C' },
  });
  return stdout
    .split('\n')
    .filter((line) => /^Acquire::https?::(?:[^ ]*::)?(?:Proxy|Verify|CA)[^ ]* "/i.test(line))
    .map((line) => `--aptopt=${line}`);
}

const phases: readonly [RegExp, string][] = [
  [/^running apt-get update/, 'Downloading package lists'],
  [/^downloading packages/, 'Downloading packages'],
  [/^extracting archives/, 'Extracting'],
  [/^installing essential/, 'Installing essential packages'],
  [/^installing remaining/, 'Installing packages'],
  [/^cleaning/, 'Cleaning up'],
  [/^creating tarball/, 'Storing'],
];

function reportPhase(line: string, suite: string, onProgress: RootfsRequest['onProgress']): void {
  const text = line.replace(/^I: /, '');
  const status = phases.find(([pattern]) => pattern.test(text))?.[1];
  if (status !== undefined) onProgress({ id: suite, status });
}

/** The last lines that are errors; apt's and dpkg's are among mmdebstrap's. */
function lastWords({ stderr, exitCode }: ProgramResult): string {
  const lines = stderr.split('\n').filter((line) => /^(?:E|W|dpkg|mmdebstrap|unshare|setpriv):/.test(line));
  return lines.slice(-5).join('; ').slice(0, 2000) || `mmdebstrap ended with ${exitCode ?? 'a signal'}`;
}
