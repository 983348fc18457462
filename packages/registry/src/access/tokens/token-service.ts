import type { AccessRequest, RepositoryAction } from '../access.ts';
import type { Account } from '../accounts.ts';
import { readCredentials } from '../credentials.ts';
import { TokenRequestRefusedError, type UnauthorizedError } from '../errors.ts';
import type { RegistryAccess } from '../registry-access.ts';
import { administrationScope, catalogScope } from '../registry-caller.ts';
import type { Rights } from '../rights.ts';
import type { RefreshTokens } from './refresh-tokens.ts';
import { covers, formatScope, parseScopes, type ScopeAccess } from './scope.ts';
import type { IssuedToken, TokenIssuer } from './token-issuer.ts';

export interface TokenServiceOptions {
  access: RegistryAccess;
  rights: Rights;
  issuer: TokenIssuer;
  refreshTokens: RefreshTokens;
  service: string;
}

/** Of an OAuth2 answer and of distribution's older one; both carry the same token. */
export interface TokenAnswer {
  token: string;
  access_token: string;
  /** Seconds. */
  expires_in: number;
  /** RFC 3339. */
  issued_at: string;
  /** What was granted, which may be less than was asked for. */
  scope: string;
  refresh_token?: string;
}

const repositoryActions: readonly RepositoryAction[] = ['pull', 'push', 'delete'];

/**
 * The token service of the registry: distribution's token protocol (`GET`) and its OAuth2 one (`POST`). A token allows what was
 * asked for and is allowed; what is not is left out, as clients expect. Without credentials a token for public repositories comes.
 * Throws `TokenRequestRefusedError`, `UnauthorizedError`, `TooManySignInsError`.
 */
export class TokenService {
  readonly #options: TokenServiceOptions;

  constructor(options: TokenServiceOptions) {
    this.#options = options;
  }

  /** `GET /token?service=…&scope=…[&offline_token=true&client_id=…]`, with a user and password or anonymous. */
  async get(request: AccessRequest, query: URLSearchParams): Promise<TokenAnswer> {
    this.#checkService(query);
    const credentials = readCredentials(request.headers.authorization);
    if (credentials.kind === 'none') return await this.#answer(undefined, query);
    if (credentials.kind !== 'basic')
      throw this.#options.access.refusal(request, 'a user and password are needed');
    const account = await this.#options.access.signIn(request, credentials);
    return await this.#answer(account, query, query.get('offline_token') === 'true');
  }

  /** `POST /token` with a form: `grant_type` is `password` or `refresh_token`. */
  async post(request: AccessRequest, form: URLSearchParams): Promise<TokenAnswer> {
    this.#checkService(form);
    const grantType = form.get('grant_type');
    if (grantType === 'password') {
      const pair = { name: form.get('username') ?? '', password: form.get('password') ?? '' };
      const account = await this.#options.access.signIn(request, pair);
      return await this.#answer(account, form, form.get('access_type') === 'offline');
    }
    if (grantType === 'refresh_token') return await this.#refresh(request, form);
    throw new TokenRequestRefusedError(
      'unsupported_grant_type',
      'grant_type must be password or refresh_token',
    );
  }

  /** The refresh token stays the same, and is repeated, as clients expect. */
  async #refresh(request: AccessRequest, form: URLSearchParams): Promise<TokenAnswer> {
    const refreshToken = form.get('refresh_token') ?? '';
    const account = this.#options.refreshTokens.redeem(refreshToken);
    if (account === undefined) throw this.#refused(request);
    return { ...(await this.#answer(account, form)), refresh_token: refreshToken };
  }

  #refused(request: AccessRequest): UnauthorizedError {
    return this.#options.access.refusal(request, 'the identity token is not valid (any more); log in again');
  }

  /** A token for another service would be none of ours. */
  #checkService(parameters: URLSearchParams): void {
    const service = parameters.get('service') ?? '';
    if (service !== '' && service !== this.#options.service) {
      throw new TokenRequestRefusedError(
        'invalid_target',
        `this is the token service of ${this.#options.service}`,
      );
    }
  }

  async #answer(
    account: Account | undefined,
    parameters: URLSearchParams,
    isOffline = false,
  ): Promise<TokenAnswer> {
    const granted = parseScopes(parameters.getAll('scope')).flatMap((scope) => this.#grant(account, scope));
    const issued = await this.#options.issuer.issue(account?.identity.name ?? '', granted);
    return {
      ...answerOf(issued, granted),
      ...(isOffline && account !== undefined
        ? { refresh_token: this.#options.refreshTokens.issue(account, parameters.get('client_id') ?? '') }
        : {}),
    };
  }

  /** The part of a scope that is allowed. */
  #grant(account: Account | undefined, scope: ScopeAccess): ScopeAccess[] {
    const { rights } = this.#options;
    if (scope.type === 'repository') {
      const actions = repositoryActions.filter(
        (action) =>
          (scope.actions.includes(action) || scope.actions.includes('*')) &&
          rights.allows(account, scope.name, action),
      );
      return actions.length === 0 ? [] : [{ ...scope, actions }];
    }
    if (covers([catalogScope], scope)) return [catalogScope];
    return covers([administrationScope], scope) && rights.isAdministrator(account)
      ? [administrationScope]
      : [];
  }
}

function answerOf(
  { token, lifetimeSeconds, issuedAt }: IssuedToken,
  granted: readonly ScopeAccess[],
): TokenAnswer {
  return {
    token,
    access_token: token,
    expires_in: lifetimeSeconds,
    issued_at: issuedAt.toISOString(),
    scope: granted.map(formatScope).join(' '),
  };
}
