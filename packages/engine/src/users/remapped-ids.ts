import type { IdMaps, IdRange } from '@gantry/kernel';
import { UserRemapError } from '../errors.ts';
import type { Account, Accounts, SubordinateRange } from './accounts.ts';

/** Docker's own user for `--userns-remap default`, made when there is none. */
export const remapUser = 'dockremap';

/** More ranges than the kernel takes in one map (user_namespaces(7)). */
const mostRanges = 340;

/**
 * The ids of `--userns-remap`: `default`, `user`, `user:group`, or the same by number, whose subordinate ids (subuid(5),
 * subgid(5)) become those of containers, one range after the other. Undefined for `''`, and for root, which cannot be
 * remapped. `makeUser` makes `dockremap` with ids of its own. Throws `UserRemapError` with dockerd's words.
 */
export function remappedIds(
  setting: string,
  accounts: Accounts,
  makeUser: (name: string) => void,
): IdMaps | undefined {
  if (setting === '') return undefined;
  if (setting === 'default' && accounts.user(remapUser) === undefined) makeUser(remapUser);
  const { user, group } = findAccounts(setting === 'default' ? remapUser : setting, setting, accounts);
  if (user.name === 'root') return undefined;
  return {
    uids: consecutive(accounts.subordinateUids(user), `no subuid ranges found for user "${user.name}"`),
    gids: consecutive(
      // As the manual has it they are a user's; dockerd also looks for the group's.
      firstOf(accounts.subordinateGids(group), accounts.subordinateGids(user)),
      `no subgid ranges found for group "${group.name}"`,
    ),
  };
}

function findAccounts(
  wanted: string,
  setting: string,
  accounts: Accounts,
): { user: Account; group: Account } {
  const [userPart = '', groupPart, more] = wanted.split(':');
  if (more !== undefined || userPart === '' || groupPart === '') {
    throw new UserRemapError(`invalid user/group specification in --userns-remap: "${setting}"`);
  }
  const user = accounts.user(numberOr(userPart));
  if (user === undefined) {
    throw new UserRemapError(
      isNumber(userPart)
        ? `uid ${userPart} has no entry in /etc/passwd`
        : `error during uid lookup for "${userPart}": no such user`,
    );
  }
  // A number without a group is that group's too, a name the group's of that name.
  const groupName = groupPart ?? userPart;
  const group = accounts.group(numberOr(groupName));
  if (group !== undefined) return { user, group };
  throw new UserRemapError(
    isNumber(groupName)
      ? `gid ${groupName} has no entry in /etc/group`
      : `error during gid lookup for "${groupName}": no such group`,
  );
}

function consecutive(ranges: readonly SubordinateRange[], missing: string): IdRange[] {
  if (ranges.length === 0) throw new UserRemapError(missing);
  let inside = 0;
  return ranges.slice(0, mostRanges).map(({ first, count }) => {
    const range = { inside, outside: first, count };
    inside += count;
    return range;
  });
}

function firstOf<T>(wanted: readonly T[], otherwise: readonly T[]): readonly T[] {
  return wanted.length > 0 ? wanted : otherwise;
}

function numberOr(text: string): string | number {
  return isNumber(text) ? Number(text) : text;
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}
