import { EngineError } from '@gantry/base';

/** A setting that cannot be meant. `at` is its place: `access.rights[0].actions`. */
export class RegistrySettingsError extends EngineError {
  override readonly name = 'RegistrySettingsError';
  constructor(at: string, problem: string, cause?: unknown) {
    super('invalid', 'registry-settings', `${at}: ${problem}`, { details: { at }, cause });
  }
}

/** A file of users, robots or certificates that the configuration names and that cannot be used. */
export class RegistryFileError extends EngineError {
  override readonly name = 'RegistryFileError';
  constructor(file: string, problem: string, cause?: unknown) {
    super('invalid', 'registry-file', `${file}: ${problem}`, { details: { file }, cause });
  }
}
