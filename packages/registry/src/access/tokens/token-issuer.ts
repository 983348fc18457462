import { createHash } from 'node:crypto';
import type { Clock } from '@gantry/base';
import { type CryptoKey, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { TokenSettings } from '../access-settings.ts';
import type { ScopeAccess } from './scope.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface IssuedToken {
  token: string;
  lifetimeSeconds: number;
  issuedAt: Date;
}

/** What a token says. */
export interface TokenGrant {
  /** Empty for an anonymous caller. */
  name: string;
  access: readonly ScopeAccess[];
  endsAtMs: number;
}

/** A token that is not taken; the message says why and is told to the client. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

const algorithm = 'ES256';
const issuer = 'gantry-registry';
/** Clocks of machines differ. */
const skewSeconds = 60;
const maxTokenLength = 16_384;
const maxRemembered = 5000;

/** Makes the tokens (JWT, ES256) that callers carry, and reads them again. */
export class TokenIssuer {
  readonly #keys: SigningKeys;
  readonly #settings: TokenSettings;
  readonly #clock: Clock;
  /** By the token's digest: its signature is checked once. */
  readonly #verified = new Map<string, TokenGrant>();

  constructor(options: { keys: SigningKeys; settings: TokenSettings; clock: Clock }) {
    this.#keys = options.keys;
    this.#settings = options.settings;
    this.#clock = options.clock;
  }

  async issue(name: string, access: readonly ScopeAccess[]): Promise<IssuedToken> {
    const key = await this.#keys.current();
    const issuedAt = this.#clock.now();
    const issuedAtSeconds = Math.floor(issuedAt.getTime() / 1000);
    const lifetimeSeconds = Math.floor(this.#settings.lifetimeMs / 1000);
    const token = await new SignJWT({ access })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: key.id })
      .setIssuer(issuer)
      .setSubject(name)
      .setAudience(this.#settings.service)
      .setJti(crypto.randomUUID())
      .setIssuedAt(issuedAtSeconds)
      .setNotBefore(issuedAtSeconds)
      .setExpirationTime(issuedAtSeconds + lifetimeSeconds)
      .sign(key.privateKey);
    return { token, lifetimeSeconds, issuedAt };
  }

  /** What the token says. Throws `TokenRefused`. */
  async verify(token: string): Promise<TokenGrant> {
    if (token.length > maxTokenLength) throw new TokenRefused('the token is too long');
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#verified.get(digest);
    if (known !== undefined) {
      if (known.endsAtMs > this.#clock.now().getTime()) return known;
      throw new TokenRefused('the token has ended');
    }
    const grant = await this.#read(token);
    this.#remember(digest, grant);
    return grant;
  }

  async #read(token: string): Promise<TokenGrant> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#publicKey(kid), {
        algorithms: [algorithm],
        issuer,
        audience: this.#settings.service,
        clockTolerance: skewSeconds,
        currentDate: this.#clock.now(),
        requiredClaims: ['sub', 'exp', 'access'],
      });
      return grantOf(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new TokenRefused('the token has ended', { cause: error });
      if (error instanceof TokenRefused) throw error;
      throw new TokenRefused('the token is not one of this registry', { cause: error });
    }
  }

  #publicKey(id: string | undefined): CryptoKey {
    const key = this.#keys.find(id ?? '');
    if (key === undefined)
      throw new TokenRefused('the token was signed with a key that is not known (any more)');
    return key.publicKey;
  }

  #remember(digest: string, grant: TokenGrant): void {
    this.#verified.set(digest, grant);
    if (this.#verified.size <= maxRemembered) return;
    const [oldest = ''] = this.#verified.keys();
    this.#verified.delete(oldest);
  }
}

/** The claims are ours: the signature was right. */
function grantOf(payload: JWTPayload): TokenGrant {
  return {
    name: payload.sub ?? '',
    access: payload['access'] as readonly ScopeAccess[],
    endsAtMs: ((payload.exp ?? 0) + skewSeconds) * 1000,
  };
}
