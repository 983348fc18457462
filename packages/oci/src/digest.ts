import { EngineError } from '@gantry/base';

/** `sha256:` and 64 lower-case hex digits (OCI image spec, descriptor.md). The only algorithm that is accepted. */
export type Digest = `sha256:${string}`;

const otherAlgorithm = /^(?!sha256:)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-zA-Z=_-]+$/;
const grammar = /^sha256:[0-9a-f]{64}$/;

export class InvalidDigestError extends EngineError {
  override readonly name = 'InvalidDigestError';
  constructor(text: string) {
    const reason = otherAlgorithm.test(text) ? ': of the algorithms sha256 alone is supported' : '';
    super('invalid', 'invalid-digest', `invalid digest: ${JSON.stringify(text.slice(0, 200))}${reason}`);
  }
}

export function isDigest(text: string): text is Digest {
  return grammar.test(text);
}

/** Throws `InvalidDigestError` for anything but a well-formed sha256 digest. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new InvalidDigestError(text);
  return text;
}

/** The 64 hex digits, safe as a file name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
