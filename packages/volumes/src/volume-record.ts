import type { VolumeScope } from './volume-driver.ts';

/** Version of `VolumeRecord` as it is stored. */
export const volumeRecordVersion = 2;

/** What is durable of a volume. */
export interface VolumeRecord {
  driver: string;
  options: Readonly<Record<string, string>>;
  scope: VolumeScope;
  createdAt: string;
  labels: Readonly<Record<string, string>>;
  anonymous: boolean;
  /** Ids of containers. */
  usedBy: readonly string[];
  /** An image's content lies complete beside the volume and moves into it. */
  copying: boolean;
  /** The removal has begun: of a local volume it will be finished. */
  removing: boolean;
}

interface FirstRecord extends Omit<VolumeRecord, 'driver' | 'options' | 'scope' | 'copying'> {
  content: 'fresh' | 'moving' | 'filled';
}

/** Version 1 was of the local driver alone, without options. */
export function migrateVolumeRecord(document: unknown): VolumeRecord {
  const { content, ...kept } = document as FirstRecord;
  return { ...kept, driver: 'local', options: {}, scope: 'local', copying: content === 'moving' };
}
