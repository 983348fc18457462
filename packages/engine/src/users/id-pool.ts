import type { UserDefaults } from '@gantry/containers';
import type { Accounts, SubordinateRange } from './accounts.ts';

/** Whose subordinate ids containers with users of their own alone get, where the host's administrator gives any. */
const poolUser = 'gantry';

/** Above what login.defs(5) gives to users, inside what systemd leaves to containers (UIDS-GIDS of systemd). */
const defaultPool = { first: 1_000_000_000, count: 805_306_368 } as const;

/** Where the ranges of `--userns auto` come from: the subordinate ids of the user `gantry`, or a part that the host gives to nobody. */
export function idPool(accounts: Accounts): UserDefaults['pool'] {
  const owner = { name: poolUser, id: accounts.user(poolUser)?.id ?? -1 };
  const [uids, gids] = [accounts.subordinateUids(owner), accounts.subordinateGids(owner)].map(largest);
  if (uids !== undefined && gids !== undefined) return { uids, gids };
  const ends = accounts.allSubordinates().map(({ first, count }) => first + count);
  const first = Math.max(defaultPool.first, ...ends);
  const count = Math.max(0, defaultPool.first + defaultPool.count - first);
  return { uids: { first, count }, gids: { first, count } };
}

function largest(ranges: readonly SubordinateRange[]): SubordinateRange | undefined {
  return ranges.toSorted((a, b) => b.count - a.count)[0];
}
