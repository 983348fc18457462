import type { Digest } from '@gantry/oci';
import type { BuildRequest } from '../build-request.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildOptionNotBuiltError } from '../errors.ts';
import type { Keep } from '../steps/layers.ts';
import { hiddenFiles, readDockerfile, receiveContext } from './receive-context.ts';

/** The files of a build, as a layer. */
export interface BuildContext {
  readonly layer: Digest;
  /** Files that clients always send and `.dockerignore` leaves out. */
  readonly hidden: ReadonlySet<string>;
}

/** Takes the context and the Dockerfile of a build in. Throws `InvalidBuildError`, `BuildOptionNotBuiltError`, and what receiving throws. */
export async function openContext(
  environment: BuilderEnvironment,
  { context, dockerfile, signal }: BuildRequest,
  keep: Keep,
): Promise<BuildContext & { readonly dockerfile: Uint8Array }> {
  if (context.kind !== 'archive') throw new BuildOptionNotBuiltError(`a context by ${context.kind}`);
  if (dockerfile.kind === 'client') throw new BuildOptionNotBuiltError('a Dockerfile outside of the context');
  const layer = await receiveContext(environment, context.bytes, { keep, signal });
  if (dockerfile.kind === 'inline') return { layer, dockerfile: dockerfile.bytes, hidden: new Set() };
  return {
    layer,
    dockerfile: await readDockerfile(environment, layer, dockerfile.path),
    hidden: await hiddenFiles(environment, layer, dockerfile.path),
  };
}
