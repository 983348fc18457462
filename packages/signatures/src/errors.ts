import { EngineError, errorMessage } from '@gantry/base';

/** A signature policy, or a file that it names, that cannot be used. Nothing is pulled by it. */
export class SignaturePolicyError extends EngineError {
  override readonly name = 'SignaturePolicyError';
  constructor(file: string, reason: string, cause?: unknown) {
    super('invalid', 'signature-policy', `signature policy ${file}: ${reason}`, { details: { file }, cause });
  }
}

/** An image that the signature policy does not let in. `reasons` says it of each signature that was looked at. */
export class ImageNotVerifiedError extends EngineError {
  override readonly name = 'ImageNotVerifiedError';
  constructor(image: string, reasons: readonly string[]) {
    super('forbidden', 'image-not-verified', `${image} is not verified: ${reasons.join('; ')}`, {
      details: { image, reasons },
    });
  }
}

/** One signature that does not count; caught where the next one is looked at. */
export class SignatureFault extends Error {
  override readonly name = 'SignatureFault';
}

/** What a signature lacks, of an error that was caught. Throws it again when it says nothing of a signature: nobody answered, say. */
export function faultText(error: unknown): string {
  const isFault =
    error instanceof SignatureFault || (error instanceof EngineError && error.kind === 'corrupt');
  if (!isFault) throw error;
  return errorMessage(error);
}
