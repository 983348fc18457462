import { EngineError } from '@gantry/base';

/** The server may not or cannot listen where it was told to. */
export class ListenError extends EngineError {
  override readonly name: string = 'ListenError';
  constructor(
    kind: 'invalid' | 'conflict',
    code: 'insecure-listener' | 'socket-in-use' | 'not-a-socket' | 'bad-listener',
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(kind, code, message, options);
  }
}

/** The server is closing. */
export class ServerClosingError extends EngineError {
  override readonly name: string = 'ServerClosingError';
  constructor() {
    super('unavailable', 'server-closing', 'the server is shutting down');
  }
}
