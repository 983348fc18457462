import type { Filters } from '@gantry/api-types';
import type { CacheBounds } from './cache-pruning.ts';

/** A rule of the collection of the build cache: what of it goes when there is too much. */
export interface CachePolicy extends CacheBounds {
  /** Steps whose layers images have, too: what goes then is what is remembered. */
  readonly all: boolean;
  /** What it is about, as `docker builder prune --filter` says it; everything when empty. */
  readonly filters: Filters;
}

/** Defaults of the rules: `defaultReservedSpace` and the like of daemon.json. 0 where nothing is said. */
export interface DefaultBounds {
  readonly reservedBytes: number;
  readonly maxUsedBytes: number;
  readonly minFreeBytes: number;
}

const gigabyte = 1000 ** 3;

/**
 * BuildKit's rules for who says none (its docs/buildkitd.toml.md): first what is cheap to have again and two days old, then what is
 * sixty days old, then all, in the order of its use.
 */
export function usualPolicies(given: DefaultBounds, fileSystemBytes: number): readonly CachePolicy[] {
  const share = (percent: number, mostBytes: number): number =>
    Math.min(Math.floor((fileSystemBytes * percent) / 100), mostBytes);
  const bounds = {
    reservedBytes: given.reservedBytes || share(10, 10 * gigabyte),
    maxUsedBytes: given.maxUsedBytes || share(60, 100 * gigabyte),
    minFreeBytes: given.minFreeBytes || share(20, 20 * gigabyte),
  };
  const cheap = ['source.local', 'exec.cachemount', 'source.git.checkout'];
  return [
    {
      all: false,
      filters: new Map([
        ['type', cheap],
        ['unused-for', ['48h']],
      ]),
      maxUsedBytes: 512 * 1000 ** 2,
    },
    { all: false, filters: new Map([['unused-for', ['1440h']]]), ...bounds },
    { all: false, filters: new Map(), ...bounds },
    { all: true, filters: new Map(), ...bounds },
  ];
}
