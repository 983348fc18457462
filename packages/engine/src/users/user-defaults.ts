import type { Logger } from '@gantry/base';
import type { UserDefaults } from '@gantry/containers';
import { Accounts } from './accounts.ts';
import { idPool } from './id-pool.ts';
import { makeRemapUser } from './make-remap-user.ts';
import { remappedIds } from './remapped-ids.ts';

/** The users that containers of an engine get. Throws `UserRemapError`. */
export function userDefaults(usernsRemap: string, searchPath: string, logger: Logger): UserDefaults {
  const accounts = new Accounts();
  const remap = remappedIds(usernsRemap, accounts, (name) => makeRemapUser(name, accounts, searchPath));
  if (usernsRemap !== '' && remap === undefined) {
    logger.warn('User namespaces: root cannot be remapped with itself; user namespaces are OFF');
  }
  return { pool: idPool(accounts), ...(remap && { remap }) };
}
