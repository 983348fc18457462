import { InvalidBuildError } from '../errors.ts';

/** A place in a git repository. */
export interface GitAddress {
  /** What git is asked with. */
  readonly remote: string;
  /** Branch, tag, commit or full name of a reference; empty for the repository's HEAD. */
  readonly ref: string;
  /** Relative; empty for the root. */
  readonly directory: string;
  /** A commit, or its first digits, that the reference must lead to; empty when it may be any. */
  readonly checksum: string;
  readonly keepGitDir?: boolean;
}

const scpForm = /^[\w.-]+@[\w.-]+:(?!\/\/)/;

/**
 * Reads an address of a repository in the forms that `docker build` takes: `https://host/a.git#ref:directory`, `git://…`, `ssh://…`,
 * `git@host:a.git`, `github.com/a/b`, or with a query (`?branch=`, `tag`, `ref`, `commit`, `subdir`, `checksum`, `keep-git-dir`).
 * Undefined for an address of something else. Throws `InvalidBuildError`.
 */
export function readGitAddress(address: string): GitAddress | undefined {
  const [place, fragment] = splitOnce(address, '#');
  const [remote, query] = scpForm.test(place) ? [place] : splitOnce(place, '?');
  if (!isRepository(remote)) return undefined;
  const [ref, directory = ''] = splitOnce(fragment ?? '', ':');
  const plain = { remote: withScheme(remote), ref, directory, checksum: '' };
  return checked(query === undefined ? plain : withQuery(plain, query), address);
}

function isRepository(remote: string): boolean {
  if (scpForm.test(remote) || /^(?:git|ssh):\/\//i.test(remote) || remote.startsWith('github.com/'))
    return true;
  return /^https?:\/\/.*\.git$/i.test(remote);
}

function withScheme(remote: string): string {
  return remote.startsWith('github.com/') ? `https://${remote}` : remote;
}

function withQuery(address: GitAddress, query: string): GitAddress {
  let result = address;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'ref') result = { ...result, ref: value };
    else if (name === 'branch') result = { ...result, ref: `refs/heads/${value}` };
    else if (name === 'tag') result = { ...result, ref: `refs/tags/${value}` };
    else if (name === 'subdir') result = { ...result, directory: value };
    else if (name === 'checksum' || name === 'commit') result = { ...result, checksum: value };
    else if (name === 'keep-git-dir') result = { ...result, keepGitDir: value !== '0' && value !== 'false' };
    else
      throw new InvalidBuildError(`unexpected query ${JSON.stringify(name)} in the address of a repository`);
  }
  return result;
}

/** Git takes what begins with a dash for an option. */
function checked(address: GitAddress, text: string): GitAddress {
  const { remote, ref, checksum } = address;
  if (remote.startsWith('-') || ref.startsWith('-') || /[\s\0]/.test(remote + ref))
    throw new InvalidBuildError(`invalid address of a repository: ${JSON.stringify(text)}`);
  if (checksum !== '' && !/^[0-9a-f]{7,64}$/i.test(checksum))
    throw new InvalidBuildError(`invalid checksum ${JSON.stringify(checksum)}: expected a commit`);
  return address;
}

function splitOnce(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
