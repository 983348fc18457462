import { InvalidOptionError } from '../errors.ts';
import type { ContainerMount } from '../state/container-record.ts';
import type { ContainerRegistry } from '../state/container-registry.ts';
import { namedContainer } from './named-container.ts';

/**
 * The volumes and binds of other containers, by `container[:ro|rw|z|Z]`: of two at one place the later counts, and a mode makes
 * them read-only at most. They are not filled anew. Throws `InvalidOptionError` with Docker's words.
 */
export function volumesFrom(
  registry: ContainerRegistry,
  specifications: readonly string[],
): ContainerMount[] {
  const found = new Map<string, ContainerMount>();
  for (const specification of specifications) {
    const { ref, readOnly } = parseVolumesFrom(specification);
    for (const mount of namedContainer(() => registry.find(ref), 'VolumesFrom').record.mounts) {
      if (mount.type !== 'volume' && mount.type !== 'bind') continue;
      const access = { readOnly: mount.readOnly || readOnly };
      found.set(
        mount.destination,
        mount.type === 'volume' ? { ...mount, ...access, copyUp: false } : { ...mount, ...access },
      );
    }
  }
  return [...found.values()];
}

/** Reads `container[:mode]`. Throws `InvalidOptionError` with Docker's words. */
export function parseVolumesFrom(specification: string): { ref: string; readOnly: boolean } {
  const colon = specification.indexOf(':');
  const ref = colon < 0 ? specification : specification.slice(0, colon);
  if (ref === '') {
    throw new InvalidOptionError(
      `invalid volumes-from specification: ${JSON.stringify(specification)}: it names no container`,
    );
  }
  const mode = colon < 0 ? 'rw' : specification.slice(colon + 1);
  const words = mode.split(',');
  const known = words.every((word) => /^(?:ro|rw|z|Z)$/.test(word)) && new Set(words).size === words.length;
  if (!known) throw new InvalidOptionError(`invalid mode: ${mode}`);
  return { ref, readOnly: words.includes('ro') };
}
