import type { Access, Caller } from './access.ts';

const everybody: Caller = {
  identity: { name: '', kind: 'anonymous' },
  requireSignIn: () => {},
  require: () => {},
  may: () => true,
  visible: () => () => true,
  requireAdministration: () => {},
};

/** A registry without users: everybody may do everything. Credentials that come are not looked at. */
export const openAccess: Access = { identify: async () => everybody };
