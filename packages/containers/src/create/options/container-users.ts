import type { HostConfig } from '@gantry/api-types';
import type { IdMaps } from '@gantry/kernel';
import type { ContainerEnvironment } from '../../environment.ts';
import { InvalidOptionError } from '../../errors.ts';

/** `--userns auto`, beyond Docker. */
export const ownUsers = 'auto';

/** The users of a container that is made. What it holds until it is disposed is the container's once that is stored. */
export interface ContainerUsers extends Disposable {
  /** Undefined for the host's users. */
  idMaps: IdMaps | undefined;
}

/**
 * The users that a container asks for: the daemon's remapping, the host's (`--userns host`), or a range that is its alone
 * (`--userns auto`). Throws `InvalidOptionError`, with Docker's words where what it asks for needs the host's users.
 */
export function containerUsers(
  { defaults, userRanges }: Pick<ContainerEnvironment, 'defaults' | 'userRanges'>,
  host: HostConfig,
): ContainerUsers {
  const mode = host.UsernsMode ?? '';
  if (mode === 'host' || (mode !== ownUsers && defaults.users.remap === undefined)) return plain(undefined);
  checkNeedsNoHostUsers(host);
  return mode === ownUsers ? userRanges.claim() : plain(defaults.users.remap);
}

function plain(idMaps: IdMaps | undefined): ContainerUsers {
  return { idMaps, [Symbol.dispose]: () => {} };
}

/** A root that is nobody on the host has no power over what is the host's. */
function checkNeedsNoHostUsers(host: HostConfig): void {
  if (host.Privileged === true) {
    fail(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  }
  if (host.NetworkMode === 'host') {
    fail("cannot share the host's network namespace when user namespaces are enabled");
  }
  if (host.PidMode === 'host') {
    fail('cannot share the host PID namespace when user namespaces are enabled');
  }
}

function fail(message: string): never {
  throw new InvalidOptionError(message, { option: 'HostConfig.UsernsMode' });
}
