import { EngineError } from '@gantry/base';

/** Bytes that are no message of Protocol Buffers, or none of the type that was due. */
export class MalformedMessageError extends EngineError {
  override readonly name = 'MalformedMessageError';
  constructor(reason: string) {
    super('invalid', 'protobuf-malformed', `malformed protocol message: ${reason}`);
  }
}

/** A message beyond the bound, or a compressed one. */
export class UnreadableFrameError extends EngineError {
  override readonly name = 'UnreadableFrameError';
  constructor(reason: string) {
    super('invalid', 'grpc-frame-unreadable', reason);
  }
}
