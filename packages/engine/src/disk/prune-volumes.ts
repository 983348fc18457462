import type { Filters } from '@gantry/api-types';
import { errorKind, errorMessage, type Logger } from '@gantry/base';
import { compilePruneFilter, InvalidFilterError } from '@gantry/containers';
import type { VolumeBackend } from '@gantry/http-api';
import type { VolumeInfo, VolumeStore } from '@gantry/volumes';
import { anonymousLabels } from '../volumes/wire-volume.ts';
import { takesSpace, volumeBytes } from './volume-usage.ts';

export interface VolumePruning {
  store: VolumeStore;
  /** Removes, and tells. */
  view: Pick<VolumeBackend, 'remove'>;
  logger: Logger;
  nowMs: number;
}

export interface PrunedVolumes {
  /** Names. */
  removed: readonly string[];
  reclaimedBytes: number;
}

/**
 * Docker's `volume prune`: anonymous volumes that no container has; with `all=true` named ones too. Those of plugins, and those that show
 * something else of this host or of a server, take no space here and stay. A volume that a container takes meanwhile stays. Throws `InvalidFilterError`.
 */
export async function pruneVolumes(pruning: VolumePruning, filters: Filters): Promise<PrunedVolumes> {
  const { store, nowMs } = pruning;
  const isWanted = compilePruneFilter(filters, { known: ['all', 'label', 'label!'], nowMs });
  const named = isNamedToo(filters.get('all') ?? []);
  const candidates = store
    .list()
    .filter((volume) => volume.usedBy.length === 0 && takesSpace(volume) && (named || volume.anonymous))
    .filter((volume) => isWanted({ labels: anonymousLabels(volume), createdMs: 0 }));
  const removed: string[] = [];
  let reclaimedBytes = 0;
  for (const volume of candidates) {
    const sizeBytes = await removeOne(pruning, volume);
    if (sizeBytes === undefined) continue;
    removed.push(volume.name);
    reclaimedBytes += sizeBytes;
  }
  return { removed, reclaimedBytes };
}

/** As Go's strconv.ParseBool. */
function isNamedToo(values: readonly string[]): boolean {
  const wrong = values.find((value) => !/^(?:[01tfTF]|true|false|True|False|TRUE|FALSE)$/.test(value));
  if (wrong !== undefined) {
    const reason = `strconv.ParseBool: parsing ${JSON.stringify(wrong)}: invalid syntax`;
    throw new InvalidFilterError(`invalid filter 'all': ${reason}`);
  }
  return values.some((value) => /^[1tT]/.test(value));
}

/** The bytes that it held; undefined when it stays. */
async function removeOne({ view, logger }: VolumePruning, volume: VolumeInfo): Promise<number | undefined> {
  const sizeBytes = (await volumeBytes(volume, logger)) ?? 0;
  try {
    await view.remove(volume.name, { force: false });
    return sizeBytes;
  } catch (error) {
    const taken = errorKind(error) === 'conflict' || errorKind(error) === 'not-found';
    if (!taken)
      logger.warn('a volume was not pruned', { volumeName: volume.name, error: errorMessage(error) });
    return undefined;
  }
}
