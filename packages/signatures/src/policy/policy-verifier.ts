import { type Clock, systemClock } from '@gantry/base';
import { verifyCosign } from '../cosign/verify-cosign.ts';
import { ImageNotVerifiedError } from '../errors.ts';
import { verifyNotation } from '../notation/verify-notation.ts';
import type { SignedImage } from '../signed-image.ts';
import { type Requirement, readSignaturePolicy } from './signature-policy.ts';

export interface PolicyVerifierOptions {
  /** The file of the policy, asked for each image; undefined where there is none. */
  policyFile: () => string | undefined;
  clock?: Clock;
}

export interface VerifyOptions {
  /** Whoever pulls asks for a signature: what the policy accepts without one is refused. */
  isAskedFor: boolean;
  signal: AbortSignal;
}

/** Lets images in, or not, by a signature policy. It and its keys are read anew for each image: an edit holds at once. */
export class PolicyVerifier {
  readonly #options: PolicyVerifierOptions;

  constructor(options: PolicyVerifierOptions) {
    this.#options = options;
  }

  /**
   * Resolves with whose signature it was, or undefined where none is needed. Throws `ImageNotVerifiedError`, `SignaturePolicyError`, and
   * what asking the repository throws.
   */
  async verify(image: SignedImage, { isAskedFor, signal }: VerifyOptions): Promise<string | undefined> {
    const requirement = this.#requirementOf(image.name, isAskedFor);
    const subject = `${image.name}@${image.target.digest}`;
    switch (requirement.kind) {
      case 'accept':
        if (isAskedFor)
          throw new ImageNotVerifiedError(subject, ['the signature policy asks for no signature of it']);
        return undefined;
      case 'reject':
        throw new ImageNotVerifiedError(subject, ['the signature policy rejects it']);
      case 'cosign':
        return verifyCosign(image, requirement, signal);
      case 'notation':
        return verifyNotation(image, requirement.trust, {
          clock: this.#options.clock ?? systemClock,
          signal,
        });
    }
  }

  #requirementOf(name: string, isAskedFor: boolean): Requirement {
    const file = this.#options.policyFile();
    if (file === undefined) {
      if (!isAskedFor) return { kind: 'accept' };
      throw new ImageNotVerifiedError(name, [
        'there is no signature policy: name one in "signature-policy" of daemon.json',
      ]);
    }
    const { rules, fallback } = readSignaturePolicy(file);
    const rule = rules.find(({ matches }) => matches(name));
    if (rule === undefined) return fallback;
    return rule.isEnforced || isAskedFor ? rule.requirement : { kind: 'accept' };
  }
}
