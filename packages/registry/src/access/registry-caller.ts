import type { AccessRequest, Caller, Identity, RepositoryAction } from './access.ts';
import type { AccessSettings } from './access-settings.ts';
import type { Account } from './accounts.ts';
import { type ChallengeReason, challengeFor } from './challenge.ts';
import { DeniedError, UnauthorizedError } from './errors.ts';
import type { Rights } from './rights.ts';
import { covers, type ScopeAccess } from './tokens/scope.ts';

export interface RegistryCallerOptions {
  settings: AccessSettings;
  rights: Rights;
  request: AccessRequest;
  /** Missing: an anonymous caller. */
  account: Account | undefined;
  /** What a token allows; missing when the caller came with a password or with nothing. */
  grant: readonly ScopeAccess[] | undefined;
}

export const catalogScope: ScopeAccess = { type: 'registry', name: 'catalog', actions: ['*'] };
export const administrationScope: ScopeAccess = { type: 'registry', name: 'administration', actions: ['*'] };

/** May do what both the rights as they are now and, if it came with one, its token allow. */
export class RegistryCaller implements Caller {
  readonly identity: Identity;
  readonly #options: RegistryCallerOptions;

  constructor(options: RegistryCallerOptions) {
    this.#options = options;
    this.identity = options.account?.identity ?? { name: '', kind: 'anonymous' };
  }

  requireSignIn(): void {
    const { account, grant } = this.#options;
    if (account === undefined && grant === undefined) this.#refuse({});
  }

  require(repository: string, actions: readonly RepositoryAction[]): void {
    const { account, rights, grant } = this.#options;
    if (actions.every((action) => this.may(repository, action))) return;
    const forbidden = actions.filter((action) => !rights.allows(account, repository, action));
    const denied =
      account === undefined || forbidden.length === 0
        ? undefined
        : new DeniedError(account.identity.name, repository, forbidden);
    if (denied !== undefined && grant === undefined) throw denied;
    this.#refuse({ scope: { type: 'repository', name: repository, actions } }, denied?.message);
  }

  may(repository: string, action: RepositoryAction): boolean {
    const { account, rights, grant } = this.#options;
    if (rights.allows(undefined, repository, action)) return true;
    const isGranted =
      grant === undefined || covers(grant, { type: 'repository', name: repository, actions: [action] });
    return isGranted && rights.allows(account, repository, action);
  }

  visible(): (repository: string) => boolean {
    const { account, rights, grant, settings } = this.#options;
    const seesSome = account !== undefined || settings.anonymousPull.length > 0;
    if (!seesSome || (grant !== undefined && !covers(grant, catalogScope)))
      this.#refuse({ scope: catalogScope });
    return (repository) => rights.allows(account, repository, 'pull');
  }

  requireAdministration(): void {
    const { account, rights, grant } = this.#options;
    if (account !== undefined && !rights.isAdministrator(account)) {
      throw new DeniedError(account.identity.name, 'the registry', ['administrate']);
    }
    const isGranted = grant === undefined || covers(grant, administrationScope);
    if (account === undefined || !isGranted) this.#refuse({ scope: administrationScope });
  }

  /** Whoever came with a token gets a challenge even for what it may never do: that is what registries answer and clients know. */
  #refuse(reason: ChallengeReason, message = 'authentication required'): never {
    const { settings, request, grant } = this.#options;
    const told: ChallengeReason = grant === undefined ? reason : { ...reason, error: 'insufficient_scope' };
    throw new UnauthorizedError(challengeFor(settings, request, told), message);
  }
}
