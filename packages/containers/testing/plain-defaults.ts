import type { ContainerDefaults } from '../src/environment.ts';

/** What an engine has whose configuration says nothing. */
export const plainDefaults: Pick<
  ContainerDefaults,
  'users' | 'security' | 'ulimits' | 'creation' | 'init' | 'dns' | 'hostGatewayAddresses'
> = {
  users: {
    pool: { uids: { first: 1_000_000_000, count: 655_360 }, gids: { first: 1_000_000_000, count: 655_360 } },
  },
  security: { apparmor: false, selinux: false, noNewPrivileges: false, seccomp: 'default' },
  ulimits: [],
  creation: () => ({ shmSizeBytes: 64 * 1024 * 1024, ipcMode: 'private' }),
  init: { program: { problem: 'none was looked for' }, always: false },
  dns: {},
  hostGatewayAddresses: [],
};
