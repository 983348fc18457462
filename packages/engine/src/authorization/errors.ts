import { EngineError } from '@gantry/base';

/** An authorization plugin said no; Docker's words. */
export class AuthorizationDeniedError extends EngineError {
  override readonly name = 'AuthorizationDeniedError';
  constructor(plugin: string, message: string) {
    super('forbidden', 'authorization-denied', `authorization denied by plugin ${plugin}: ${message}`, {
      details: { plugin },
    });
  }
}

/** An authorization plugin could not be asked: nothing is allowed then. */
export class AuthorizationFailedError extends EngineError {
  override readonly name = 'AuthorizationFailedError';
  constructor(plugin: string, fact: string, cause?: unknown) {
    super('internal', 'authorization-failed', `plugin ${plugin} failed with error: ${fact}`, {
      details: { plugin },
      cause,
    });
  }
}
