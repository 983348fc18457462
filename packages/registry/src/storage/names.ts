import { isRepositoryPath, isTag } from '@gantry/oci';
import { InvalidRepositoryNameError, InvalidTagError } from './errors.ts';

/** Throws `InvalidRepositoryNameError`. What passes has neither `@` nor `:`, nor a component `..`. */
export function checkRepository(text: string): string {
  if (!isRepositoryPath(text)) throw new InvalidRepositoryNameError(text);
  return text;
}

/** Throws `InvalidTagError`. */
export function checkTag(text: string): string {
  if (!isTag(text)) throw new InvalidTagError(text);
  return text;
}
