import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';

/** A user or group of the host. */
export interface Account {
  name: string;
  id: number;
}

/** A run of ids that an account may give away: subuid(5). */
export interface SubordinateRange {
  first: number;
  count: number;
}

/** The host's users and groups, read anew at each question. */
export class Accounts {
  readonly #directory: string;

  /** `directory` has passwd, group, subuid and subgid. */
  constructor(directory = '/etc') {
    this.#directory = directory;
  }

  /** By name, or by number. */
  user(nameOrId: string | number): Account | undefined {
    return this.#find('passwd', nameOrId);
  }

  group(nameOrId: string | number): Account | undefined {
    return this.#find('group', nameOrId);
  }

  /** What `owner` has, by name or number, in the order of the ids. */
  subordinateUids(owner: Account): SubordinateRange[] {
    return this.#ranges('subuid', owner);
  }

  subordinateGids(owner: Account): SubordinateRange[] {
    return this.#ranges('subgid', owner);
  }

  /** What anybody has. */
  allSubordinates(): SubordinateRange[] {
    return [...this.#ranges('subuid'), ...this.#ranges('subgid')];
  }

  #find(file: string, nameOrId: string | number): Account | undefined {
    for (const [name = '', , id = ''] of this.#table(file)) {
      if (!/^\d{1,10}$/.test(id)) continue;
      if (name === nameOrId || Number(id) === nameOrId) return { name, id: Number(id) };
    }
    return undefined;
  }

  #ranges(file: string, owner?: Account): SubordinateRange[] {
    const ranges: SubordinateRange[] = [];
    for (const [name = '', first = '', count = ''] of this.#table(file)) {
      const isOwners = owner === undefined || name === owner.name || name === String(owner.id);
      if (!isOwners || !/^\d{1,10}$/.test(first) || !/^\d{1,10}$/.test(count)) continue;
      ranges.push({ first: Number(first), count: Number(count) });
    }
    return ranges.sort((a, b) => a.first - b.first);
  }

  #table(file: string): string[][] {
    try {
      const lines = readFileSync(path.join(this.#directory, file), 'utf8').split('\n');
      return lines.map((line) => line.trim().split(':'));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }
}
