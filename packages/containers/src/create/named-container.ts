import { errorKind, errorMessage } from '@gantry/base';
import { InvalidOptionError } from '../errors.ts';

/**
 * What `find` finds by a name that an option has. One that there is not makes the option invalid: clients take "not found" for
 * a missing image, and pull it. Throws `InvalidOptionError`, and what else `find` throws.
 */
export function namedContainer<T>(find: () => T, option: string): T {
  try {
    return find();
  } catch (error) {
    if (errorKind(error) !== 'not-found') throw error;
    throw new InvalidOptionError(errorMessage(error), { option: `HostConfig.${option}` });
  }
}
