import type { HostConfig } from '@gantry/api-types';
import { InvalidOptionError } from '../../errors.ts';

const kinds: ReadonlySet<string> = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  ),
);

export interface ResourceLimit {
  /** `RLIMIT_NOFILE` and the like. */
  type: string;
  /** -1 for no limit. */
  soft: number;
  hard: number;
}

/** The daemon's rlimits, and in the place of those of the same kind the container's own, as dockerd merges them at a start. */
export function mergedLimits(
  defaults: readonly ResourceLimit[],
  own: readonly ResourceLimit[],
): ResourceLimit[] {
  const byType = new Map([...defaults, ...own].map((limit) => [limit.type, limit]));
  return [...byType.values()];
}

/** The rlimits that `Ulimits` asks for. Throws `InvalidOptionError` for an unknown kind or a soft limit above the hard one. */
export function resourceLimits(ulimits: HostConfig['Ulimits']): ResourceLimit[] {
  return (ulimits ?? []).map(({ Name: name = '', Soft: soft = 0, Hard: hard = 0 }) => {
    if (!kinds.has(name.toLowerCase())) {
      throw new InvalidOptionError(`invalid ulimit type: ${name}`, { option: 'HostConfig.Ulimits' });
    }
    if (hard !== -1 && (soft === -1 || soft > hard)) {
      throw new InvalidOptionError(
        `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
        { option: 'HostConfig.Ulimits' },
      );
    }
    return { type: `RLIMIT_${name.toUpperCase()}`, soft, hard };
  });
}
