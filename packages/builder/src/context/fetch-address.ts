import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { InvalidBuildError } from '../errors.ts';
import { layeredFiles } from '../sources/layered-files.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { fetchGit } from './fetch-git.ts';
import { fetchHttp } from './fetch-http.ts';
import { readGitAddress } from './git-address.ts';
import { receiveContext } from './receive-context.ts';
import type { SourceRequest } from './source-request.ts';

/**
 * The files behind an address: those of a git repository (with `.git` when the address, or else `keepGitDir`, says so), of an archive, or
 * a Dockerfile alone. Throws `InvalidBuildError` for an address that is neither.
 */
export async function fetchAddress(
  environment: BuilderEnvironment,
  address: string,
  request: SourceRequest,
  { keepGitDir = false }: { keepGitDir?: boolean } = {},
): Promise<SourceFiles> {
  const git = readGitAddress(address);
  if (git !== undefined) {
    const { layers } = await fetchGit(environment, { keepGitDir, ...git }, request);
    return layeredFiles(environment, layers);
  }
  if (!/^https?:\/\//i.test(address))
    throw new InvalidBuildError(`unable to prepare context: ${JSON.stringify(address)} is no address`);
  const { layers, name } = await fetchHttp(environment, { url: address, checksum: '' }, request);
  const [layer] = layers;
  const directory = layer && (await environment.ports.snapshots.layer(layer));
  if (directory === undefined) throw new InvalidBuildError(`nothing came from ${address}`);
  return await receiveContext(environment, createReadStream(path.join(directory.path, name)), request);
}
