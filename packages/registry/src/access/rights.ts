import { matchesAny } from '../patterns/name-pattern.ts';
import type { RepositoryAction } from './access.ts';
import { type AccessSettings, isPublic } from './access-settings.ts';
import type { Account } from './accounts.ts';
import { robotAllows } from './robots/robot-file.ts';

/** What an account may by the configuration as it is now; undefined is an anonymous caller. */
export interface Rights {
  allows(account: Account | undefined, repository: string, action: RepositoryAction): boolean;
  isAdministrator(account: Account | undefined): boolean;
}

export function configuredRights(settings: AccessSettings): Rights {
  const isAdministrator: Rights['isAdministrator'] = (account) =>
    account !== undefined && settings.administrators.includes(account.identity.name);
  return {
    isAdministrator,
    allows: (account, repository, action) => {
      if (action === 'pull' && isPublic(settings, repository)) return true;
      if (account === undefined) return false;
      if (isAdministrator(account)) return true;
      if (account.robot !== undefined && robotAllows(account.robot, repository, action)) return true;
      return isGranted(settings, { account, repository, action });
    },
  };
}

interface Wish {
  account: Account;
  repository: string;
  action: RepositoryAction;
}

/** Without a list of rights, users may do everything; robots have their own rights always. */
function isGranted({ rights }: AccessSettings, { account, repository, action }: Wish): boolean {
  if (rights === undefined) return account.robot === undefined;
  return rights.some(
    ({ repositories, callers, actions }) =>
      actions.includes(action) &&
      (callers.includes('*') || callers.includes(account.identity.name)) &&
      matchesAny(repositories, repository),
  );
}
