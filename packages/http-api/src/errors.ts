import { EngineError } from '@gantry/base';

/** The request breaks a rule of the wire format: a bad number, a bad filter, a body that is not JSON. */
export class InvalidRequestError extends EngineError {
  override readonly name: string = 'InvalidRequestError';
  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super('invalid', options.code ?? 'invalid-request', message, { cause: options.cause });
  }
}

/** The body is longer than its route allows. */
export class BodyTooLargeError extends EngineError {
  override readonly name: string = 'BodyTooLargeError';
  constructor(limitBytes: number) {
    super('invalid', 'body-too-large', `request body is larger than ${limitBytes} bytes`, {
      details: { limitBytes },
    });
  }
}

/** The body did not arrive in time (slow-loris). */
export class BodyTimeoutError extends EngineError {
  override readonly name: string = 'BodyTimeoutError';
  constructor(timeoutMs: number) {
    super('invalid', 'body-timeout', `request body did not arrive within ${timeoutMs} ms`, {
      details: { timeoutMs },
    });
  }
}

/** The client went away before its request was whole. */
export class BodyAbortedError extends EngineError {
  override readonly name: string = 'BodyAbortedError';
  constructor(cause?: unknown) {
    super('cancelled', 'body-aborted', 'client closed the connection before the request was complete', {
      cause,
    });
  }
}

/** No such path or method; Docker's words. */
export class PageNotFoundError extends EngineError {
  override readonly name: string = 'PageNotFoundError';
  constructor() {
    super('not-found', 'page-not-found', 'page not found');
  }
}

/** A part of Docker's API that Gantry knows and does not have; `what` names it. */
export class NotBuiltError extends EngineError {
  override readonly name: string = 'NotBuiltError';
  constructor(what: string) {
    super('not-implemented', 'not-built', `${what} is not built yet`);
  }
}

/** Docker's answer of an engine that is in no swarm. */
export class NotInSwarmError extends EngineError {
  override readonly name: string = 'NotInSwarmError';
  constructor(
    message: string = 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  ) {
    super('unavailable', 'not-in-swarm', message);
  }
}

/** A web page tried to reach the engine through somebody's browser. */
export class BrowserRefusedError extends EngineError {
  override readonly name: string = 'BrowserRefusedError';
  constructor(reason: string) {
    super('forbidden', 'browser-refused', `request from a browser refused: ${reason}`);
  }
}
