import type { Dockerfile } from '@gantry/dockerfile';
import { DockerfileError } from '@gantry/dockerfile';
import { builderArguments } from './builder-arguments.ts';

/** Docker's own frontends, whose language is the one that is read here. */
const ownFrontend = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@].*)?$/;

/** Throws `DockerfileError` for a `# syntax=`, or the build argument that overrides it, that asks for another language. */
export function checkSyntax(
  { directives: { syntax = '' } }: Dockerfile,
  given: ReadonlyMap<string, string | undefined>,
): void {
  const [image = ''] = (given.get(builderArguments.syntax) ?? syntax).split(' ');
  if (image === '' || ownFrontend.test(image) || image === 'dockerfile.v0') return;
  const reason = `the frontend image ${image} is not supported: docker/dockerfile is the only language that is built in`;
  throw new DockerfileError(reason, { first: 1, last: 1 });
}
