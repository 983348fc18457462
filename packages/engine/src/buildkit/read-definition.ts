import { BuildOptionNotBuiltError, InvalidBuildError } from '@gantry/builder';
import type { BuildDefinition } from './build-error.ts';
import type { PlannedBuild } from './build-job.ts';

/** The Dockerfile of a build that is only asked about. It must stand in a directory of the client. */
export async function readDefinition(
  { dockerfile, client }: PlannedBuild,
  signal: AbortSignal,
): Promise<BuildDefinition> {
  if (dockerfile.kind !== 'client')
    throw new BuildOptionNotBuiltError('a question about a Dockerfile that is not local');
  if (client?.directory === undefined) throw new InvalidBuildError('no local sources enabled');
  const { name, path } = dockerfile;
  const wish = { include: [path], exclude: [], follow: [path] };
  await using directory = await client.directory(name, wish, { signal });
  let bytes: Uint8Array | undefined;
  for await (const entry of directory.entries()) {
    if (entry.path !== path || entry.kind !== 'file') continue;
    bytes = Buffer.concat(await Array.fromAsync(directory.read(path)));
  }
  if (bytes === undefined)
    throw new InvalidBuildError(`failed to read dockerfile: open ${path}: no such file or directory`);
  return { name: path, bytes };
}
