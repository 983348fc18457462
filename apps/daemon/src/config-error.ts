import { EngineError } from '@gantry/base';

/** The configuration cannot be used: unreadable, unknown, contradictory, or out of range. */
export class ConfigError extends EngineError {
  override readonly name = 'ConfigError';
  constructor(message: string, cause?: unknown) {
    super('invalid', 'invalid-config', message, { cause });
  }
}
