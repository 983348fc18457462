import type { FilesystemChange } from '@gantry/api-types';
import { pathText } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';

/**
 * Where a start makes places to mount something, and the mark of a container, whatever the image has: Docker keeps them in a layer of their own, so that
 * neither `diff` nor `commit` knows them.
 */
export const startStubs: ReadonlySet<string> = new Set([
  '/.dockerenv',
  '/dev',
  '/dev/console',
  '/dev/mqueue',
  '/dev/pts',
  '/dev/shm',
  '/etc',
  '/etc/hostname',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/proc',
  '/sbin',
  '/sbin/docker-init',
  '/sys',
]);

const kinds = { modified: 0, added: 1, deleted: 2 } as const;

/** What the container changed in its image's files, in the order of paths: `docker diff`. */
export async function containerChanges(
  { ports }: ContainerEnvironment,
  { id }: Container,
): Promise<FilesystemChange[]> {
  const changes: FilesystemChange[] = [];
  for await (const { path, kind } of ports.snapshots.changes(id, { stubs: startStubs })) {
    changes.push({ Path: pathText(path), Kind: kinds[kind] });
  }
  return changes;
}
