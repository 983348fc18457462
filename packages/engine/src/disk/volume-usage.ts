import type { Volume } from '@gantry/api-types';
import { errorMessage, type Logger } from '@gantry/base';
import { Directory, treeUsage } from '@gantry/kernel';
import type { VolumeInfo } from '@gantry/volumes';
import { wireVolume } from '../volumes/wire-volume.ts';

/** The volume in the API's words, with its size and the number of containers that use it. Reads the whole volume. */
export async function volumeUsage(volume: VolumeInfo, logger: Logger): Promise<Volume> {
  const Size = (await volumeBytes(volume, logger)) ?? -1;
  return { ...wireVolume(volume), UsageData: { Size, RefCount: volume.usedBy.length } };
}

/** Whether the volume is a directory of this engine and nothing else: Docker counts and prunes no others. */
export function takesSpace({ driver, options }: VolumeInfo): boolean {
  return driver === 'local' && Object.keys(options).length === 0;
}

/** Undefined (and told in the log) when the volume cannot be read. */
export async function volumeBytes(volume: VolumeInfo, logger: Logger): Promise<number | undefined> {
  try {
    using directory = Directory.openPath(volume.mountpoint);
    return (await treeUsage(directory)).sizeBytes;
  } catch (error) {
    logger.warn('the size of a volume cannot be read', {
      volumeName: volume.name,
      error: errorMessage(error),
    });
    return undefined;
  }
}
