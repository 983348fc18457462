import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { PathPatterns, readIgnoreFile } from '@gantry/dockerfile';
import { encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import { type PackChoice, packLocal } from '../copy/pack-local.ts';
import { CommandError } from '../errors.ts';

/** What is sent to the engine: an archive, and the path of the Dockerfile in it. */
export interface PackedContext {
  readonly archive: AsyncIterable<Uint8Array>;
  readonly dockerfile: string;
}

/** A Dockerfile that is not in the directory, or that came by stdin. */
interface LooseDockerfile {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * A directory as a build's context. `file` is the Dockerfile: a path, of which one within the directory stays where it is; empty for
 * the directory's own; a content where it came by stdin. What `.dockerignore` (or the Dockerfile's own `<name>.dockerignore`) names is
 * left out, but never these two files. Throws `CommandError`.
 */
export function packDirectoryContext(
  directory: string,
  file: string | { content: Uint8Array },
): PackedContext {
  const root = realDirectory(directory);
  const { dockerfile, loose } = findDockerfile(root, file);
  const ignore = readIgnore(root, typeof file === 'string' ? path.resolve(root, dockerfile) : undefined);
  const patterns = new PathPatterns(ignore);
  const always = new Set(['.dockerignore', dockerfile]);
  const choose = (name: Buffer, isDirectory: boolean): PackChoice => {
    const relative = name.toString().replace(/^\.\/?/, '');
    if (relative === '' || always.has(relative)) return 'pack';
    if (!patterns.matches(relative)) return 'pack';
    const covered =
      patterns.coversAllBelow(relative) && ![...always].some((kept) => kept.startsWith(`${relative}/`));
    return isDirectory && !covered ? 'enter' : 'omit';
  };
  return { archive: withLoose(packLocal(root, '.', { choose, open: true }), loose), dockerfile };
}

/** A Dockerfile without any context. */
export function packDockerfileAlone(content: Uint8Array): PackedContext {
  return { archive: withLoose([], { name: 'Dockerfile', content }), dockerfile: 'Dockerfile' };
}

async function* withLoose(
  archive: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  loose: LooseDockerfile | undefined,
): AsyncGenerator<Uint8Array> {
  yield* archive;
  if (loose !== undefined) {
    const { name, content } = loose;
    yield encodeTarHeader({ type: 'file', name: Buffer.from(name), mode: 0o600, sizeBytes: content.length });
    yield content;
    yield tarPadding(content.length);
  }
  yield tarEnd;
}

function realDirectory(directory: string): string {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new CommandError(1, `unable to prepare context: path ${JSON.stringify(directory)} not found`);
  }
  if (stat.isDirectory()) return realpathSync(directory);
  throw new CommandError(
    1,
    `unable to prepare context: context must be a directory: ${path.resolve(directory)}`,
  );
}

function findDockerfile(
  root: string,
  file: string | { content: Uint8Array },
): { dockerfile: string; loose: LooseDockerfile | undefined } {
  if (typeof file !== 'string') return asLoose(file.content);
  const place = file === '' ? defaultDockerfile(root) : path.resolve(file);
  const stat = lstatSync(place, { throwIfNoEntry: false });
  if (stat === undefined) {
    const reason = `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${place}`;
    throw new CommandError(1, `${reason}: no such file or directory`);
  }
  const real = realpathSync(place);
  const relative = path.relative(root, real);
  const isInside = relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  if (!isInside) return asLoose(readFileSync(real));
  return { dockerfile: relative, loose: undefined };
}

/** Docker takes `dockerfile` too, where there is no `Dockerfile`. */
function defaultDockerfile(root: string): string {
  const usual = path.join(root, 'Dockerfile');
  const lower = path.join(root, 'dockerfile');
  const exists = (place: string): boolean => lstatSync(place, { throwIfNoEntry: false }) !== undefined;
  return !exists(usual) && exists(lower) ? lower : usual;
}

/** A name that no file of the context has. */
function asLoose(content: Uint8Array): { dockerfile: string; loose: LooseDockerfile } {
  const name = `.dockerfile.${crypto.randomUUID().replaceAll('-', '').slice(0, 20)}`;
  return { dockerfile: name, loose: { name, content } };
}

function readIgnore(root: string, dockerfile: string | undefined): readonly string[] {
  const own = dockerfile === undefined ? undefined : readIfThere(`${dockerfile}.dockerignore`);
  const bytes = own ?? readIfThere(path.join(root, '.dockerignore'));
  return bytes === undefined ? [] : readIgnoreFile(bytes);
}

function readIfThere(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
