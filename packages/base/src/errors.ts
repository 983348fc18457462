/**
 * What went wrong, seen from the caller: the closed set that every boundary translates from.
 * http-api maps a kind to an HTTP status, the CLI to an exit code; nobody else does.
 */
export type ErrorKind =
  /** The request is malformed or breaks a rule: the caller must change it. */
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  /** The object exists, and its state or another object stands in the way. */
  | 'conflict'
  /** The object already is as asked (start of a running container). */
  | 'not-modified'
  /** Known, and not built (yet): the message names the option. */
  | 'not-implemented'
  /** Something outside this process does not answer now. */
  | 'unavailable'
  /** Space, descriptors, addresses or ports are used up. */
  | 'exhausted'
  /** Stored or received bytes are not what they claim to be. */
  | 'corrupt'
  | 'cancelled'
  | 'internal';

/** Facts of an error as data: the object's id, a path, a port. Never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface ErrorOptionsWithDetails {
  details?: ErrorDetails;
  cause?: unknown;
}

/**
 * The root of all errors that Gantry throws on purpose. A package subclasses it by fact (`PortInUseError`) with a
 * constant `code` in kebab-case; `docs/reference/errors.md` lists the codes. The message names the object, and is
 * Docker's to the letter where clients parse it.
 */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: ErrorDetails;

  constructor(kind: ErrorKind, code: string, message: string, options: ErrorOptionsWithDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The kind of anything thrown: `cancelled` for an abort, `internal` for what is not an `EngineError`. */
export function errorKind(error: unknown): ErrorKind {
  if (error instanceof EngineError) return error.kind;
  if (error instanceof Error && error.name === 'AbortError') return 'cancelled';
  return 'internal';
}

/** The message of anything thrown, without its stack. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
