import type { ApiVersion } from '../server/api-version.ts';

const raw = 'application/vnd.docker.raw-stream';
const multiplexed = 'application/vnd.docker.multiplexed-stream';

/** The type of a stream of output: told apart only since API 1.42, and only where the client may look at it. */
export function streamMediaType(terminal: boolean, version: ApiVersion): string {
  return !terminal && version >= 1042 ? multiplexed : raw;
}

/** The type announced when a connection is taken over without an upgrade, whatever follows. */
export const rawStreamMediaType: string = raw;
