import { errorMessage } from '@gantry/base';
import type { Reference } from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import { manifestReference } from '../../manifests/image-manifest.ts';

/** A name from the command line. Throws `CommandError`, with what it is the name of in front. */
export function namedReference(name: string, what: string): Reference {
  try {
    return manifestReference(name);
  } catch (error) {
    throw new CommandError(1, `${what} ${name}: ${errorMessage(error)}`, { cause: error });
  }
}
