import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PathPatterns, readIgnoreFile } from '@gantry/dockerfile';
import { Directory, isErrno, keyBytes, pathText, RootedTree } from '@gantry/kernel';
import { packTree } from '@gantry/snapshots';

/** A directory of this host as the context of a build, without what its `.dockerignore` names. Throws ENOENT, ENOTDIR. */
export async function* directoryContext(directory: string): AsyncGenerator<Uint8Array> {
  const patterns = new PathPatterns(readIgnoreFile(ignoreFile(directory)));
  using tree = new RootedTree(Directory.openPath(path.resolve(directory)));
  yield* packTree(tree, {
    at: [],
    adjust: (at, { kind }) => {
      const name = at.map((part) => pathText(keyBytes(part))).join('/');
      if (name === '' || !patterns.matches(name)) return kind === 'socket' ? 'omit' : {};
      return kind === 'directory' && !patterns.coversAllBelow(name) ? 'enter' : 'omit';
    },
  });
}

function ignoreFile(directory: string): Uint8Array {
  try {
    return readFileSync(path.join(directory, '.dockerignore'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return new Uint8Array();
    throw error;
  }
}
