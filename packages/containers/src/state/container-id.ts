import { randomBytes } from 'node:crypto';

/** 64 random hex digits. Not all of the first twelve are decimal: a short id is used as a host name, never as a number. */
export function newContainerId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (!/^\d+$/.test(id.slice(0, 12))) return id;
  }
}

const idGrammar = /^[0-9a-f]{64}$/;

export function isContainerId(text: string): boolean {
  return idGrammar.test(text);
}

/** The snapshot of an image that is mounted in a container. */
export function imageSnapshotId(containerId: string, index: number): string {
  return `${containerId}.image-${index}`;
}

/** The container that a snapshot belongs to; undefined for one that is no container's. */
export function snapshotOwner(snapshotId: string): string | undefined {
  const owner = snapshotId.replace(/\.image-\d+$/, '');
  return isContainerId(owner) ? owner : undefined;
}
