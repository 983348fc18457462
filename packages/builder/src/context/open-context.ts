import { posix } from 'node:path';
import { PathPatterns, readIgnoreFile } from '@gantry/dockerfile';
import type { DirectoryWish } from '../build-client.ts';
import type { BuildRequest, ContextSource, DockerfileSource } from '../build-request.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../errors.ts';
import { builderArguments, isOn } from '../plan/builder-arguments.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { fetchAddress } from './fetch-address.ts';
import { hiddenFiles, maxDockerfileBytes, readContextFile, receiveContext } from './receive-context.ts';
import { receiveDirectory } from './receive-directory.ts';
import type { SourceRequest } from './source-request.ts';

/** The files of a build. */
export interface BuildContext {
  readonly files: SourceFiles;
  /** Files that clients always send and `.dockerignore` leaves out. */
  readonly hidden: ReadonlySet<string>;
  /** What `.dockerignore` leaves out, where there is one. */
  readonly ignored: PathPatterns | undefined;
}

/** Takes the context and the Dockerfile of a build in. Throws `InvalidBuildError`, and what receiving throws. */
export async function openContext(
  environment: BuilderEnvironment,
  request: BuildRequest,
  { keep, opened }: Pick<SourceRequest, 'keep' | 'opened'>,
): Promise<BuildContext & { readonly dockerfile: Uint8Array }> {
  const { context, dockerfile, client, signal } = request;
  const sources = { keep, opened, signal, client };
  if (context.kind === 'client')
    return await openDirectory(sources, environment, { name: context.name, dockerfile });
  const keepGitDir = isOn(request.buildArguments, builderArguments.keepGitDirectory);
  const files = await receiveSource(environment, { context, keepGitDir }, sources);
  const look = (path: string) => readContextFile(files, path);
  if (dockerfile.kind === 'client') {
    const { name, path } = dockerfile;
    const bytes = found((await readFiles(sources, name, [path])).get(path), path);
    return { files, dockerfile: bytes, hidden: new Set(), ignored: undefined };
  }
  const bytes =
    dockerfile.kind === 'inline' ? dockerfile.bytes : found(await look(dockerfile.path), dockerfile.path);
  const ignored = ignoredBy((await look(`${dockerfile.path}.dockerignore`)) ?? (await look('.dockerignore')));
  return { files, dockerfile: bytes, hidden: hiddenFiles(ignored, dockerfile.path), ignored };
}

async function receiveSource(
  environment: BuilderEnvironment,
  { context, keepGitDir }: { context: Exclude<ContextSource, { kind: 'client' }>; keepGitDir: boolean },
  sources: SourceRequest,
): Promise<SourceFiles> {
  if (context.kind === 'archive') return await receiveContext(environment, context.bytes, sources);
  return await fetchAddress(environment, context.address, sources, { keepGitDir });
}

/** The Dockerfile and `.dockerignore` come first: they say what of the rest is sent. */
async function openDirectory(
  sources: SourceRequest,
  environment: BuilderEnvironment,
  { name, dockerfile }: { name: string; dockerfile: DockerfileSource },
): Promise<BuildContext & { readonly dockerfile: Uint8Array }> {
  const { path } = dockerfile;
  const own = `${path}.dockerignore`;
  const place = dockerfile.kind === 'client' ? dockerfile.name : name;
  const texts = await readFiles(sources, place, [path, own]);
  const bytes = dockerfile.kind === 'inline' ? dockerfile.bytes : found(texts.get(path), path);
  const common = '.dockerignore';
  const ignore = texts.get(own) ?? (await readFiles(sources, name, [common])).get(common);
  const exclude = ignore === undefined ? [] : readIgnoreFile(ignore);
  const wish = { include: [], exclude, follow: [] };
  const files = await receiveDirectory(environment, { name, wish }, sources);
  return { files, dockerfile: bytes, hidden: new Set(), ignored: ignoredBy(ignore) };
}

/** Small files of a directory of the client's, by their paths; those that are there. */
async function readFiles(
  { client, signal }: SourceRequest,
  name: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (client?.directory === undefined)
    throw new BuildOptionNotBuiltError('a directory of a client that lends none');
  const wish: DirectoryWish = { include: paths, exclude: [], follow: paths };
  await using directory = await client.directory(name, wish, { signal });
  const entries = await Array.fromAsync(directory.entries());
  const files = new Map<string, Uint8Array>();
  for (const path of paths) {
    const target = followed(entries, path);
    if (target?.kind !== 'file') continue;
    if (target.sizeBytes > maxDockerfileBytes)
      throw new InvalidBuildError(
        `failed to parse Dockerfile: ${path} has more than ${maxDockerfileBytes} bytes`,
      );
    files.set(path, Buffer.concat(await Array.fromAsync(directory.read(target.path))));
  }
  return files;
}

type Entries = readonly {
  readonly path: string;
  readonly kind: string;
  readonly linkName: string;
  readonly sizeBytes: number;
}[];

/** Links are followed within the directory. */
function followed(entries: Entries, path: string, depth = 0): Entries[number] | undefined {
  const clean = posix.join('/', path).slice(1);
  const entry = entries.find((candidate) => candidate.path === clean);
  if (entry?.kind === 'hard-link' && depth < 40) return followed(entries, entry.linkName, depth + 1);
  if (entry?.kind !== 'symlink' || depth >= 40) return entry;
  const target = posix.isAbsolute(entry.linkName)
    ? entry.linkName
    : posix.join(posix.dirname(clean), entry.linkName);
  return followed(entries, target, depth + 1);
}

function found(bytes: Uint8Array | undefined, path: string): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new InvalidBuildError(`Cannot locate specified Dockerfile: ${path}`);
}

function ignoredBy(bytes: Uint8Array | undefined): PathPatterns | undefined {
  return bytes && new PathPatterns(readIgnoreFile(bytes));
}
