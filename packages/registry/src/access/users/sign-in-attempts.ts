import type { Clock } from '@gantry/base';
import { TooManySignInsError } from '../errors.ts';

interface Failures {
  count: number;
  endsAtMs: number;
}

const windowMs = 60_000;
const maxFailuresOfPair = 10;
const maxFailuresOfAddress = 60;
const maxRemembered = 10_000;

/**
 * Counts failed sign-ins: ten a minute for a name from one address, sixty for an address (of a `/64` in IPv6). Nobody can lock
 * a user out from elsewhere, for a name alone is not counted.
 */
export class SignInAttempts {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before a password is checked. Throws `TooManySignInsError`. */
  begin(name: string, remoteAddress: string): void {
    const place = placeOf(remoteAddress);
    const waitMs = Math.max(
      this.#waitMs(`${place} ${name}`, maxFailuresOfPair),
      this.#waitMs(place, maxFailuresOfAddress),
    );
    if (waitMs > 0) throw new TooManySignInsError(waitMs);
  }

  failed(name: string, remoteAddress: string): void {
    const place = placeOf(remoteAddress);
    for (const key of [`${place} ${name}`, place]) {
      const known = this.#current(key) ?? { count: 0, endsAtMs: this.#nowMs() + windowMs };
      known.count += 1;
      this.#failures.delete(key);
      this.#failures.set(key, known);
    }
    while (this.#failures.size > maxRemembered) {
      const [oldest = ''] = this.#failures.keys();
      this.#failures.delete(oldest);
    }
  }

  #waitMs(key: string, most: number): number {
    const known = this.#current(key);
    return known !== undefined && known.count >= most ? known.endsAtMs - this.#nowMs() : 0;
  }

  #current(key: string): Failures | undefined {
    const known = this.#failures.get(key);
    return known !== undefined && known.endsAtMs > this.#nowMs() ? known : undefined;
  }

  #nowMs(): number {
    return Number(this.#clock.nowNs() / 1_000_000n);
  }
}

/** One subscriber has a whole `/64` of addresses. */
function placeOf(address: string): string {
  const plain = address.replace(/^::ffff:/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const first = head.split(':').filter((group) => group !== '');
  const last = tail.split(':').filter((group) => group !== '');
  const missing = Math.max(0, 8 - first.length - last.length);
  return [...first, ...Array<string>(missing).fill('0'), ...last].slice(0, 4).join(':');
}
