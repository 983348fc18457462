import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Directory, isErrno, keyBytes, pathText, RootedTree } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { InvalidBuildError } from '../errors.ts';
import { cachedStep } from '../steps/cached-step.ts';
import { storeLayer } from '../steps/layers.ts';
import type { GitAddress } from './git-address.ts';
import { type GitCall, runGit } from './run-git.ts';
import type { SourceRequest } from './source-request.ts';

/** The files of a commit. */
export interface GitSource {
  /** Empty for a tree without files. */
  readonly layers: readonly Digest[];
  readonly commit: string;
}

/**
 * Fetches a commit's files, submodules too, as a layer; one that was fetched before is not fetched again. Throws `InvalidBuildError`,
 * `ProgramMissingError` where git is not installed.
 */
export async function fetchGit(
  environment: BuilderEnvironment,
  address: GitAddress,
  { keep, signal, client }: SourceRequest,
): Promise<GitSource> {
  const home = path.join(environment.workDirectory, `git-${randomUUID()}`);
  mkdirSync(home, { mode: 0o700 });
  try {
    const host = new URL(address.remote.includes('://') ? address.remote : 'ssh://none').host;
    const token =
      (await client?.secret?.(`GIT_AUTH_TOKEN.${host}`, { signal })) ??
      (await client?.secret?.('GIT_AUTH_TOKEN', { signal }));
    const call: GitCall = { home, signal, ...(token && { token: Buffer.from(token).toString().trim() }) };
    const commit = await findCommit(call, address);
    const { keepGitDir = false, directory, remote } = address;
    const step = await cachedStep(environment, {
      inputs: ['git', remote, commit, directory, keepGitDir],
      description: `git source ${remote}`,
      type: 'source.git.checkout',
      noCache: false,
      keep,
      make: async () => {
        const tree = await checkOut(call, { ...address, commit, keepGitDir });
        return await storeLayer(environment, environment.ports.snapshots.packDirectory(tree), {
          keep,
          signal,
        });
      },
    });
    return { layers: step.layer === undefined ? [] : [step.layer.diffId], commit };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What a reference leads to now. */
async function findCommit(call: GitCall, { remote, ref, checksum }: GitAddress): Promise<string> {
  const commit = /^[0-9a-f]{40}$/.test(ref) ? ref : await askRemote(call, remote, ref || 'HEAD');
  if (commit.startsWith(checksum.toLowerCase())) return commit;
  throw new InvalidBuildError(`expected checksum to match ${checksum}, got ${commit}`);
}

async function askRemote(call: GitCall, remote: string, ref: string): Promise<string> {
  const listed = await runGit(call, ['ls-remote', '--', remote, ref, `${ref}^{}`]);
  const found = new Map(
    listed.split('\n').flatMap((line) => {
      const [commit = '', name = ''] = line.split('\t');
      return name === '' ? [] : [[name, commit] as const];
    }),
  );
  const names = [ref, `refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`];
  for (const name of names) {
    const commit = found.get(`${name}^{}`) ?? found.get(name);
    if (commit !== undefined) return commit;
  }
  throw new InvalidBuildError(`repository ${remote} does not contain ref ${ref}`);
}

/** The place of the files. */
async function checkOut(
  call: GitCall,
  { remote, commit, directory, keepGitDir }: GitAddress & { commit: string; keepGitDir: boolean },
): Promise<string> {
  const place = path.join(call.home, 'tree');
  const git = (...words: string[]) => runGit(call, ['-C', place, ...words]);
  await runGit(call, ['init', '--quiet', '--', place]);
  await git('remote', 'add', 'origin', remote);
  try {
    await git('fetch', '--quiet', '--depth=1', 'origin', commit);
  } catch {
    // A server that gives no commit by its name gives all.
    call.signal.throwIfAborted();
    await git('fetch', '--quiet', '--tags', 'origin', '+refs/*:refs/remotes/origin/*');
  }
  await git('checkout', '--quiet', '--detach', commit);
  await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1');
  if (!keepGitDir) await rm(path.join(place, '.git'), { recursive: true, force: true });
  return within(place, directory);
}

function within(root: string, directory: string): string {
  using tree = new RootedTree(Directory.openPath(root));
  try {
    const at = tree.resolve(directory);
    tree.openDirectory(at).close();
    return path.join(root, pathText(keyBytes(at.join('/'))));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR'))
      throw new InvalidBuildError(`there is no directory ${directory} in the repository`);
    throw error;
  }
}
