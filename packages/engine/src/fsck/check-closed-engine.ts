import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type Logger, silentLogger } from '@gantry/base';
import { cachedLayers } from '@gantry/builder';
import { readStoredContainers, type StoredContainer, snapshotOwner } from '@gantry/containers';
import { FileBlobStore } from '@gantry/content';
import { checkStoredImages } from '@gantry/images';
import { tryLockFile } from '@gantry/kernel';
import { digestHex } from '@gantry/oci';
import { cgroupParentPath } from '@gantry/runtime';
import { storedLayers } from '@gantry/snapshots';
import { type DamageReport, type MetadataStore, openCopiedStore } from '@gantry/state';
import { readStoredVolumes } from '@gantry/volumes';
import { DataRootLockedError } from '../errors.ts';
import { checkContainers } from './check-containers.ts';
import { checkStrays, type StrayPlaces } from './check-strays.ts';
import { checkVolumes } from './check-volumes.ts';
import type { Problem } from './problem.ts';

export interface ClosedEngine {
  dataRoot: string;
  execRoot: string;
  cgroupDriver: 'cgroupfs' | 'systemd';
  /** Where containers' cgroups are made that asked for no place: a path, or a slice. */
  cgroupParent: string;
  logger?: Logger;
}

/**
 * Checks what an engine that does not run has left, as the running one checks itself, and changes nothing: the store is read
 * in a copy. What a start-up pass would put right is told too; of an engine whose store is damaged nothing but that. Throws `DataRootLockedError` when an engine runs there, and
 * `NewerStoreError`.
 */
export async function checkClosedEngine(engine: ClosedEngine): Promise<Problem[]> {
  const { dataRoot, logger = silentLogger } = engine;
  const lockFile = path.join(dataRoot, 'engine.lock');
  using lock = existsSync(lockFile) ? tryLockFile(lockFile) : undefined;
  if (lock === undefined && existsSync(lockFile)) throw new DataRootLockedError(dataRoot);
  const damage: DamageReport[] = [];
  const file = path.join(dataRoot, 'metadata.db');
  using store = openCopiedStore({ path: file, logger, onDamage: (report) => damage.push(report) });
  if (store === undefined) return [{ kind: 'store', object: file, fact: 'it is not there' }];
  const [damaged] = damage;
  if (damaged === undefined) return await checkStored(engine, store);
  // What the lost records stood for would look like nobody's.
  const fact = `${damaged.problem.replaceAll('\n', ' ')}; ${damaged.salvaged} documents can be saved`;
  return [{ kind: 'store', object: file, fact }];
}

async function checkStored(engine: ClosedEngine, store: MetadataStore): Promise<Problem[]> {
  const below = (...parts: string[]): string => path.join(engine.dataRoot, ...parts);
  const { containers, damaged } = readStoredContainers(store);
  const images = await checkStoredImages({
    state: store,
    content: FileBlobStore.existing(below('content')),
    isUnpacked: (diffId) => existsSync(below('snapshots/layers', digestHex(diffId), 'layer.json')),
    snapshots: { layers: () => storedLayers(below('snapshots')) },
    retained: new Set(cachedLayers(store)),
  });
  const known = new Set([...containers, ...damaged].map(({ id }) => id));
  return [
    ...damaged.map(({ id, fact }): Problem => ({ kind: 'container', object: id, fact })),
    ...(await checkParts(engine, store, containers)),
    ...images.map((problem): Problem => ({ kind: 'image', ...problem })),
    ...checkStrays(placesOf(engine, containers), known),
  ];
}

/** What containers that stay have, and what is there of others; of those that go anything or nothing may be left. */
async function checkParts(
  { dataRoot, execRoot }: ClosedEngine,
  store: MetadataStore,
  containers: readonly StoredContainer[],
): Promise<Problem[]> {
  const going = new Set(containers.filter(({ goes }) => goes).map(({ id }) => id));
  const stays = (id: string): boolean => !going.has(snapshotOwner(id) ?? id);
  const idsIn = (directory: string): string[] => foldersIn(directory).filter(stays);
  const parts = {
    dataRoot,
    snapshots: { list: () => Promise.resolve(idsIn(path.join(dataRoot, 'snapshots/writable'))) },
    runtime: { list: () => idsIn(path.join(execRoot, 'containers')) },
  };
  const stored = readStoredVolumes(store, path.join(dataRoot, 'volumes'));
  const volumes = stored.map((volume) => ({ ...volume, usedBy: volume.usedBy.filter(stays) }));
  const staying = containers.filter(({ goes }) => !goes).map(summaryOf);
  return [
    ...(await checkContainers(parts, staying)),
    ...checkVolumes({ volumes: { list: () => volumes } }, staying),
  ];
}

function placesOf(engine: ClosedEngine, containers: readonly StoredContainer[]): StrayPlaces {
  const { dataRoot, execRoot, cgroupDriver } = engine;
  const wanted = containers.map(({ cgroupParent }) => cgroupParent).filter((parent) => parent !== '');
  const parents = new Set([engine.cgroupParent, ...wanted]);
  const cgroupParents = [...parents].map((parent) => cgroupParentPath(cgroupDriver, parent));
  return { dataRoot, execRoot, cgroupParents };
}

/** Without a state: what ran may have ended since, which the next engine finds out. */
function summaryOf({ id, volumes }: StoredContainer): {
  Id: string;
  Mounts: { Type: 'volume'; Name: string }[];
} {
  return { Id: id, Mounts: volumes.map((Name) => ({ Type: 'volume', Name })) };
}

function foldersIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => !name.startsWith('.'));
}
