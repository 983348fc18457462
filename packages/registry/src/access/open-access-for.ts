import type { Clock, Logger } from '@gantry/base';
import type { MetadataStore } from '@gantry/state';
import type { Access, AccessRequest } from './access.ts';
import type { AccessSettings } from './access-settings.ts';
import { Accounts } from './accounts.ts';
import { RegistryAccess } from './registry-access.ts';
import { configuredRights } from './rights.ts';
import { RefreshTokens } from './tokens/refresh-tokens.ts';
import { SigningKeys } from './tokens/signing-keys.ts';
import { TokenIssuer } from './tokens/token-issuer.ts';
import { TokenService } from './tokens/token-service.ts';

export interface OpenAccessOptions {
  store: MetadataStore;
  clock: Clock;
  logger: Logger;
  /** Told of credentials that were wrong; the name is as the client sent it. */
  onRefused: (name: string, request: AccessRequest) => void;
}

export interface OpenedAccess extends AsyncDisposable {
  access: Access;
  /** Missing where the settings switch tokens off. */
  tokens?: TokenService;
  /** Reads changed files of users and robots at once. */
  reload(): void;
}

/** Users, robots, rights and the token service as configured. Throws `RegistryFileError`. */
export async function openAccessFor(
  settings: AccessSettings,
  { store, clock, logger, onRefused }: OpenAccessOptions,
): Promise<OpenedAccess> {
  const accounts = new Accounts({ settings, clock, logger });
  const rights = configuredRights(settings);
  const opened = {
    reload: () => accounts.reload(),
    [Symbol.asyncDispose]: () => accounts[Symbol.asyncDispose](),
  };
  if (settings.tokens === undefined) {
    return { ...opened, access: new RegistryAccess({ settings, accounts, rights, onRefused }) };
  }
  const { service, refreshLifetimeMs } = settings.tokens;
  const keys = await SigningKeys.open({ store, settings: settings.tokens, clock });
  const issuer = new TokenIssuer({ keys, settings: settings.tokens, clock });
  const access = new RegistryAccess({ settings, accounts, rights, issuer, onRefused });
  const refreshTokens = new RefreshTokens({ store, accounts, lifetimeMs: refreshLifetimeMs, clock });
  return { ...opened, access, tokens: new TokenService({ access, rights, issuer, refreshTokens, service }) };
}
