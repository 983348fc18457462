import { EngineError } from '@gantry/base';

/** The words of the distribution spec for what is not there. */
export class NothingThereError extends EngineError {
  override readonly name = 'NothingThereError';
  readonly what: 'repository' | 'manifest' | 'blob' | 'tag';
  constructor(what: 'repository' | 'manifest' | 'blob' | 'tag', named: string) {
    super('not-found', 'not-in-registry', `${what} unknown: ${named.slice(0, 400)}`, {
      details: { what, named: named.slice(0, 400) },
    });
    this.what = what;
  }
}

/** A path that is none of the API's. */
export class NoSuchEndpointError extends EngineError {
  override readonly name = 'NoSuchEndpointError';
  constructor() {
    super('not-found', 'no-such-endpoint', 'no such endpoint');
  }
}

/** The endpoint is there, the method is not; or the registry does not do that there. */
export class UnsupportedRequestError extends EngineError {
  override readonly name = 'UnsupportedRequestError';
  constructor(what: string) {
    super('invalid', 'unsupported-request', `${what} is not supported`);
  }
}

/** A request that breaks a rule of the API. */
export class BadRequestError extends EngineError {
  override readonly name = 'BadRequestError';
  constructor(message: string) {
    super('invalid', 'bad-registry-request', message);
  }
}

/** A manifest longer than any that is stored. */
export class ManifestTooLargeError extends EngineError {
  override readonly name = 'ManifestTooLargeError';
  constructor(limitBytes: number) {
    super('invalid', 'manifest-too-large', `manifest is larger than ${limitBytes} bytes`, {
      details: { limitBytes },
    });
  }
}

/** A client that went away, or stood still, in the middle of its request. */
export class ClientGoneError extends EngineError {
  override readonly name = 'ClientGoneError';
  constructor(cause?: unknown) {
    super('cancelled', 'client-gone', 'the client closed the connection before its request was complete', {
      cause,
    });
  }
}

/** `Range` of a blob that begins behind its end. */
export class RangeNotSatisfiableError extends EngineError {
  override readonly name = 'RangeNotSatisfiableError';
  readonly sizeBytes: number;
  constructor(sizeBytes: number) {
    super('invalid', 'range-not-satisfiable', `the blob has ${sizeBytes} bytes`, { details: { sizeBytes } });
    this.sizeBytes = sizeBytes;
  }
}
