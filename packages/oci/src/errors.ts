import { EngineError } from '@gantry/base';

/** A tar archive that is truncated, malformed or past a bound. `details.offset` is where, in bytes from its start. */
export class CorruptTarError extends EngineError {
  override readonly name = 'CorruptTarError';
  constructor(reason: string, offset?: number) {
    const where = offset === undefined ? '' : ` at byte ${offset}`;
    super('corrupt', 'corrupt-tar', `malformed tar archive${where}: ${reason}`, {
      details: { reason, ...(offset === undefined ? {} : { offset }) },
    });
  }
}

/** A name that Docker's grammar of image references refuses. The message is Docker's. */
export class InvalidReferenceError extends EngineError {
  override readonly name = 'InvalidReferenceError';
  constructor(text: string, message: string) {
    super('invalid', 'invalid-reference', message, { details: { reference: text.slice(0, 300) } });
  }
}

/** Bytes that should be a manifest, index or config and are none. */
export class InvalidDocumentError extends EngineError {
  override readonly name = 'InvalidDocumentError';
  constructor(what: string, problem: string, options: { cause?: unknown } = {}) {
    super('corrupt', 'invalid-document', `invalid ${what}: it ${problem}`, {
      details: { document: what },
      ...options,
    });
  }
}

/** A manifest, index or config past its bound. */
export class DocumentTooLargeError extends EngineError {
  override readonly name = 'DocumentTooLargeError';
  constructor(what: string, sizeBytes: number, maxBytes: number) {
    super('invalid', 'document-too-large', `${what} of ${sizeBytes} bytes is larger than ${maxBytes} bytes`, {
      details: { document: what, sizeBytes, maxBytes },
    });
  }
}

/** An image with more layers than can be stacked. */
export class TooManyLayersError extends EngineError {
  override readonly name = 'TooManyLayersError';
  constructor(layers: number, maxLayers: number) {
    super('invalid', 'too-many-layers', `image has ${layers} layers; at most ${maxLayers} are supported`, {
      details: { layers, maxLayers },
    });
  }
}

/** A media type that nothing here can read as what it is needed for. */
export class UnsupportedMediaTypeError extends EngineError {
  override readonly name = 'UnsupportedMediaTypeError';
  constructor(mediaType: string, neededAs: string) {
    super(
      'not-implemented',
      'unsupported-media-type',
      `unsupported ${neededAs} type ${JSON.stringify(mediaType)}`,
      {
        details: { mediaType, neededAs },
      },
    );
  }
}

/** A platform specifier that Docker's grammar refuses. */
export class InvalidPlatformError extends EngineError {
  override readonly name = 'InvalidPlatformError';
  constructor(text: string, problem: string) {
    super('invalid', 'invalid-platform', `${JSON.stringify(text.slice(0, 200))}: ${problem}`, {
      details: { platform: text.slice(0, 200) },
    });
  }
}
