import { EngineError, type ErrorKind } from '@gantry/base';

/** Nothing answers at the address: refused, missing, or not permitted. `details.address` and `details.errno` say more. */
export class ConnectionFailedError extends EngineError {
  constructor(address: string, errno: string, cause?: unknown) {
    super(
      errno === 'EACCES' || errno === 'EPERM' ? 'forbidden' : 'unavailable',
      'connection-failed',
      connectionMessage(address, errno),
      { details: { address, errno }, cause },
    );
  }
}

/** The engine answered with an error status. `message` is the engine's own text. */
export class ApiError extends EngineError {
  /** The HTTP status, 400 or above. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(kindOfStatus(status), 'api-error', message, { details: { status } });
    this.status = status;
  }
}

/** What came back is not HTTP, or not what was asked for (an upgrade refused, a frame of an unknown kind). */
export class ProtocolError extends EngineError {
  constructor(message: string, cause?: unknown) {
    super('corrupt', 'protocol-error', message, { cause });
  }
}

/** The connection ended before the answer did. */
export class TruncatedResponseError extends EngineError {
  constructor(what: string, cause?: unknown) {
    super('unavailable', 'response-truncated', `unexpected EOF: the connection ended in ${what}`, { cause });
  }
}

/** A progress stream ended with an error object; `message` is the engine's text. */
export class ProgressError extends EngineError {
  /** Of the command that failed, where it was one. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode?: number) {
    super('internal', 'progress-error', message);
    this.exitCode = exitCode;
  }
}

/** A host address, or a name, is malformed. */
export class InvalidInputError extends EngineError {
  constructor(message: string) {
    super('invalid', 'invalid-input', message);
  }
}

const kinds: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  501: 'not-implemented',
  503: 'unavailable',
  507: 'exhausted',
};

function kindOfStatus(status: number): ErrorKind {
  return kinds[status] ?? (status < 500 ? 'invalid' : 'internal');
}

function connectionMessage(address: string, errno: string): string {
  if (errno === 'EACCES' || errno === 'EPERM') {
    return `permission denied while trying to connect to the Gantry engine at ${address}: run as root, or as a member of the socket's group`;
  }
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED') {
    return `Cannot connect to the Gantry engine at ${address}. Is gantryd running?`;
  }
  return `Cannot connect to the Gantry engine at ${address}: ${errno}`;
}
