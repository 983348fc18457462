import { EngineError } from '@gantry/base';
import type { IdMaps } from '@gantry/kernel';
import type { UserDefaults } from '../environment.ts';
import type { ContainerRegistry } from './container-registry.ts';

/** As many as a whole system of users needs, `nobody` included. */
const idsEach = 65_536;

/** Every range of the pool is some container's. */
export class NoUserRangeLeftError extends EngineError {
  override readonly name = 'NoUserRangeLeftError';
  constructor(count: number) {
    super('exhausted', 'no-user-range-left', `all ${count} ranges of user ids belong to containers`);
  }
}

/** A range that no other container has, held until this is disposed, or, if a container is stored with it, as long as that is. */
export interface UserRange extends Disposable {
  idMaps: IdMaps;
}

/** Gives containers ranges of host ids that are theirs alone. */
export class UserRanges {
  readonly #registry: Pick<ContainerRegistry, 'list'>;
  readonly #pool: UserDefaults['pool'];
  /** Of containers that are being made, by their first uid. */
  readonly #claimed = new Set<number>();

  constructor(registry: Pick<ContainerRegistry, 'list'>, pool: UserDefaults['pool']) {
    this.#registry = registry;
    this.#pool = pool;
  }

  /** The first that is free. Throws `NoUserRangeLeftError`. */
  claim(): UserRange {
    const { uids, gids } = this.#pool;
    const taken = new Set(this.#claimed);
    for (const { record } of this.#registry.list()) taken.add(record.idMaps?.uids[0]?.outside ?? -1);
    const ranges = Math.floor(Math.min(uids.count, gids.count) / idsEach);
    for (let index = 0; index < ranges; index += 1) {
      const first = uids.first + index * idsEach;
      if (taken.has(first)) continue;
      this.#claimed.add(first);
      const rangeFrom = (outside: number): IdMaps['uids'] => [{ inside: 0, outside, count: idsEach }];
      const idMaps = { uids: rangeFrom(first), gids: rangeFrom(gids.first + index * idsEach) };
      return { idMaps, [Symbol.dispose]: () => void this.#claimed.delete(first) };
    }
    throw new NoUserRangeLeftError(ranges);
  }
}
