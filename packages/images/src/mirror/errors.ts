import { EngineError } from '@gantry/base';

/** The host's apt has no mirror of this distribution, or there is no apt. */
export class MirrorNotConfiguredError extends EngineError {
  override readonly name = 'MirrorNotConfiguredError';
  constructor(image: string, known: readonly string[]) {
    const rest = known.length === 0 ? 'none' : known.join(', ');
    super(
      'not-found',
      'mirror-not-configured',
      `cannot make ${image}: this host's apt has no mirror of that distribution (it has: ${rest})`,
      { details: { image, known } },
    );
  }
}

/** The mirror has no such suite. `known` names what it has. */
export class UnknownSuiteError extends EngineError {
  override readonly name = 'UnknownSuiteError';
  constructor(image: string, suite: string, known: readonly string[]) {
    super(
      'not-found',
      'mirror-suite-unknown',
      `cannot make ${image}: this host's mirror has no suite ${JSON.stringify(suite)}; it has ${known.join(', ') || 'none'}`,
      { details: { image, suite, known } },
    );
  }
}

/** The mirror does not answer, or what it sent was not signed as apt asks. `reason` is apt's or mmdebstrap's own text. */
export class MirrorFailedError extends EngineError {
  override readonly name = 'MirrorFailedError';
  constructor(image: string, reason: string) {
    super('unavailable', 'mirror-failed', `cannot make ${image}: ${reason}`, { details: { image } });
  }
}
