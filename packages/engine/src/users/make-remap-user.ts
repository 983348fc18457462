import { execFileSync } from 'node:child_process';
import { errorMessage } from '@gantry/base';
import { UserRemapError } from '../errors.ts';
import { findProgram } from '../find-program.ts';
import type { Accounts } from './accounts.ts';

/** As many as login.defs(5) gives a user, from where it begins. */
const idsEach = 65_536;
const firstId = 100_000;

/**
 * Makes a system user and group `name` that nobody can log in as, with subordinate ids behind everybody's, as dockerd does. A user that is
 * there keeps its own. Throws `UserRemapError`.
 */
export function makeRemapUser(name: string, accounts: Accounts, searchPath: string): void {
  const run = (program: string, args: readonly string[]): void => {
    const file = findProgram(program, searchPath);
    if (file === undefined)
      throw new UserRemapError(`error during "${name}" user creation: no ${program} on this host`);
    try {
      execFileSync(file, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
    } catch (error) {
      throw new UserRemapError(`error during "${name}" user creation: ${errorMessage(error)}`);
    }
  };
  run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', name]);
  const owner = accounts.user(name);
  if (owner === undefined || accounts.subordinateUids(owner).length > 0) return;
  const ends = accounts.allSubordinates().map(({ first, count }) => first + count);
  const first = Math.max(firstId, ...ends);
  const range = `${first}-${first + idsEach - 1}`;
  run('usermod', ['--add-subuids', range, '--add-subgids', range, name]);
}
