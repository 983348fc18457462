import { filesync, GrpcError, implement, type ServiceTable, StatusCode } from '@gantry/buildkit';
import type { ConfigFile } from '../../config/config-file.ts';
import { credentialsOf } from '../../config/registry-auth.ts';

const hubHosts = ['registry-1.docker.io', 'docker.io', 'index.docker.io'];
const hubKey = 'https://index.docker.io/v1/';

/**
 * Tells the engine what the user's `config.json` and credential helpers have for a registry, when it asks. Tokens it gets for itself: without
 * a key of this side (`getTokenAuthority`) it asks no further.
 */
export function credentialsService(config: () => ConfigFile): ServiceTable {
  return implement(filesync.Auth, {
    credentials: ({ host }) => {
      const found = credentialsOf(config(), hubHosts.includes(host) ? hubKey : host);
      if (found?.identitytoken !== undefined) return { secret: found.identitytoken };
      return { username: found?.username ?? '', secret: found?.password ?? '' };
    },
    getTokenAuthority: () => {
      throw new GrpcError(StatusCode.unavailable, 'client side tokens disabled');
    },
  });
}
