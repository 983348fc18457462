import type { ClusterVolumeSpec } from '@gantry/api-types';
import { parseByteSize } from '@gantry/base';
import type { FlagValues } from '../../grammar/flag-values.ts';
import { parseKeyValues } from '../../options/key-values.ts';

/** Flags of `volume create` that are of cluster volumes, which only a swarm has. */
const clusterFlags = [
  'availability',
  'group',
  'limit-bytes',
  'required-bytes',
  'scope',
  'secret',
  'sharing',
  'topology-preferred',
  'topology-required',
  'type',
] as const;

/** What the flags ask of a cluster volume, as the docker CLI sends it (its types, and not the API file, say where fields lie). */
interface SentSpec {
  Group: string;
  AccessMode: {
    Scope: string;
    Sharing: string;
    MountVolume?: object;
    BlockVolume?: object;
  };
  AccessibilityRequirements?: { Requisite: Segments[]; Preferred: Segments[] };
  CapacityRange: { RequiredBytes: number; LimitBytes: number };
  Secrets: { Key: string; Secret: string }[];
  Availability: string;
}

interface Segments {
  Segments: Record<string, string>;
}

/** Undefined when no flag asks for a cluster volume. The engine says whether it can have one. */
export function clusterVolumeSpec(flags: FlagValues): ClusterVolumeSpec | undefined {
  if (!clusterFlags.some((name) => flags.has(name))) return undefined;
  const [requisite, preferred] = [flags.list('topology-required'), flags.list('topology-preferred')];
  const secrets = Object.entries(parseKeyValues(flags.list('secret')));
  const spec: SentSpec = {
    Group: flags.string('group'),
    AccessMode: {
      Scope: flags.string('scope'),
      Sharing: flags.string('sharing'),
      ...(flags.string('type') === 'mount' && { MountVolume: {} }),
      ...(flags.string('type') === 'block' && { BlockVolume: {} }),
    },
    ...(requisite.length + preferred.length > 0 && {
      AccessibilityRequirements: {
        Requisite: requisite.map(segmentsOf),
        Preferred: preferred.map(segmentsOf),
      },
    }),
    CapacityRange: {
      RequiredBytes: parseByteSize(flags.string('required-bytes')),
      LimitBytes: parseByteSize(flags.string('limit-bytes')),
    },
    Secrets: secrets
      .map(([Key, Secret]) => ({ Key, Secret }))
      .toSorted((one, other) => (one.Key < other.Key ? -1 : 1)),
    Availability: flags.string('availability'),
  };
  return spec as unknown as ClusterVolumeSpec;
}

/** `key=value,key=value`. */
function segmentsOf(topology: string): Segments {
  return { Segments: parseKeyValues(topology.split(',')) };
}
