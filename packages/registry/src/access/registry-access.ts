import type { Access, AccessRequest, Caller } from './access.ts';
import type { AccessSettings } from './access-settings.ts';
import type { Account, Accounts } from './accounts.ts';
import { challengeFor } from './challenge.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { UnauthorizedError } from './errors.ts';
import { RegistryCaller } from './registry-caller.ts';
import type { Rights } from './rights.ts';
import type { ScopeAccess } from './tokens/scope.ts';
import { type TokenIssuer, TokenRefused } from './tokens/token-issuer.ts';

export interface RegistryAccessOptions {
  settings: AccessSettings;
  accounts: Accounts;
  rights: Rights;
  /** Missing: tokens are not taken. */
  issuer?: TokenIssuer;
  /** Told of credentials that were wrong. */
  onRefused: (name: string, request: AccessRequest) => void;
}

/** Passwords and tokens. A password is taken at every request too, for programs that know no token service. */
export class RegistryAccess implements Access {
  readonly #options: RegistryAccessOptions;

  constructor(options: RegistryAccessOptions) {
    this.#options = options;
  }

  async identify(request: AccessRequest): Promise<Caller> {
    const credentials = readCredentials(request.headers.authorization);
    switch (credentials.kind) {
      case 'none':
        return this.#caller(request, undefined, undefined);
      case 'basic':
        return this.#caller(request, await this.signIn(request, credentials), undefined);
      case 'bearer':
        return await this.#bearer(request, credentials.token);
      case 'unknown':
        throw this.refusal(request, 'the credentials are of a kind that is not taken here');
    }
  }

  /** The account of a user and password. Throws `UnauthorizedError`, `TooManySignInsError`. */
  async signIn(
    request: AccessRequest,
    { name, password }: Pick<Extract<Credentials, { kind: 'basic' }>, 'name' | 'password'>,
  ): Promise<Account> {
    const account = await this.#options.accounts.signIn(name, password, request.remoteAddress);
    if (account !== undefined) return account;
    this.#options.onRefused(name, request);
    throw this.refusal(request, 'incorrect username or password');
  }

  refusal(request: AccessRequest, message: string): UnauthorizedError {
    return new UnauthorizedError(challengeFor(this.#options.settings, request), message);
  }

  async #bearer(request: AccessRequest, token: string): Promise<Caller> {
    const { issuer, accounts, settings } = this.#options;
    const refuse = (message: string): UnauthorizedError =>
      new UnauthorizedError(challengeFor(settings, request, { error: 'invalid_token' }), message);
    if (issuer === undefined) throw refuse('this registry takes a user and password, and no tokens');
    try {
      const { name, access } = await issuer.verify(token);
      const account = name === '' ? undefined : accounts.find(name);
      if (name !== '' && account === undefined) throw new TokenRefused('its user is gone');
      return this.#caller(request, account, access);
    } catch (error) {
      if (error instanceof TokenRefused) throw refuse(error.message);
      throw error;
    }
  }

  #caller(
    request: AccessRequest,
    account: Account | undefined,
    grant: readonly ScopeAccess[] | undefined,
  ): Caller {
    const { settings, rights } = this.#options;
    return new RegistryCaller({ settings, rights, request, account, grant });
  }
}
