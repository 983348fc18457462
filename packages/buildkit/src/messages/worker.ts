/** `moby.buildkit.v1.types`. Made by scripts/generate-messages.ts, not by hand. */

import type { MessageType } from '../protobuf/message-type.ts';
import * as ops from './ops.ts';

/** Something that builds. Its labels tell clients what they may ask for. */
export interface WorkerRecord {
  id: string;
  labels: Map<string, string>;
  platforms: ops.Platform[];
  gcPolicy: GCPolicy[];
  buildkitVersion: BuildkitVersion | undefined;
}
export const WorkerRecord: MessageType<WorkerRecord> = {
  name: 'moby.buildkit.v1.types.WorkerRecord',
  fields: [
    { number: 1, name: 'id', kind: 'string' },
    { number: 2, name: 'labels', kind: 'string', mapKey: 'string' },
    { number: 3, name: 'platforms', kind: () => ops.Platform, repeated: true },
    { number: 4, name: 'gcPolicy', kind: () => GCPolicy, repeated: true },
    { number: 5, name: 'buildkitVersion', kind: () => BuildkitVersion },
  ],
};

/** Sizes in bytes, the duration in nanoseconds. */
export interface GCPolicy {
  all: boolean;
  keepDuration: bigint;
  reservedSpace: number;
  filters: string[];
  maxUsedSpace: number;
  minFreeSpace: number;
}
export const GCPolicy: MessageType<GCPolicy> = {
  name: 'moby.buildkit.v1.types.GCPolicy',
  fields: [
    { number: 1, name: 'all', kind: 'bool' },
    { number: 2, name: 'keepDuration', kind: 'int64' },
    { number: 3, name: 'reservedSpace', kind: 'safe-int64' },
    { number: 4, name: 'filters', kind: 'string', repeated: true },
    { number: 5, name: 'maxUsedSpace', kind: 'safe-int64' },
    { number: 6, name: 'minFreeSpace', kind: 'safe-int64' },
  ],
};

export interface BuildkitVersion {
  package: string;
  version: string;
  revision: string;
  dockerfileVersion: string;
}
export const BuildkitVersion: MessageType<BuildkitVersion> = {
  name: 'moby.buildkit.v1.types.BuildkitVersion',
  fields: [
    { number: 1, name: 'package', kind: 'string' },
    { number: 2, name: 'version', kind: 'string' },
    { number: 3, name: 'revision', kind: 'string' },
    { number: 4, name: 'dockerfileVersion', kind: 'string' },
  ],
};
