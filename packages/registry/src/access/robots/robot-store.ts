import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type Clock, errorMessage } from '@gantry/base';
import { RegistryFileError } from '../../settings/errors.ts';
import { changeAlone, writeWhole } from '../../settings/write-whole.ts';
import {
  hashSecret,
  isRobotName,
  parseRobots,
  type RobotDocument,
  type RobotRecord,
  robotPrefix,
} from './robot-file.ts';

export interface NewRobot {
  /** Without `robot+`. */
  name: string;
  rights: readonly { repositories: string[]; actions: string[] }[];
  /** Missing: never ends. */
  lifetimeMs?: number | undefined;
}

export interface RobotInfo extends Omit<RobotRecord, 'secretSha256'> {
  /** What it signs in as. */
  name: string;
}

const tokenPrefix = 'gantry_robot_';

/** The robots of a registry, changed by whoever looks after it; a registry that runs reads them again by itself. */
export class RobotStore {
  readonly #path: string;
  readonly #clock: Clock;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** In order. Empty when the file is missing. Throws `RegistryFileError`. */
  list(): RobotInfo[] {
    return Object.entries(this.#read().robots)
      .map(([name, { secretSha256: _secret, ...record }]) => ({ name: `${robotPrefix}${name}`, ...record }))
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  }

  /**
   * Makes a robot, or gives one another token and other rights. Returns what it signs in as, and its token, which is kept nowhere.
   * Throws `RegistryFileError`, also for rights that cannot be.
   */
  set({ name, rights, lifetimeMs }: NewRobot): { name: string; token: string } {
    if (!isRobotName(name)) {
      throw new RegistryFileError(this.#path, `"${name}" cannot be a robot: small letters, digits and . _ -`);
    }
    const token = `${tokenPrefix}${randomBytes(32).toString('base64url')}`;
    const now = this.#clock.now();
    const robot = {
      secretSha256: hashSecret(token),
      rights: [...rights],
      createdAt: now.toISOString(),
      ...(lifetimeMs === undefined ? {} : { endsAt: new Date(now.getTime() + lifetimeMs).toISOString() }),
    };
    changeAlone(this.#path, () => {
      const document = this.#read();
      this.#write({ ...document, robots: { ...document.robots, [name]: robot } });
    });
    return { name: `${robotPrefix}${name}`, token };
  }

  /** By its name with or without `robot+`. False when there is none. Throws `RegistryFileError`. */
  remove(name: string): boolean {
    const short = name.startsWith(robotPrefix) ? name.slice(robotPrefix.length) : name;
    return changeAlone(this.#path, () => {
      const document = this.#read();
      if (!Object.hasOwn(document.robots, short)) return false;
      const { [short]: _gone, ...robots } = document.robots;
      this.#write({ ...document, robots });
      return true;
    });
  }

  #read(): RobotDocument {
    if (!existsSync(this.#path)) return { version: 1, robots: {} };
    try {
      const text = readFileSync(this.#path, 'utf8');
      parseRobots(text);
      return JSON.parse(text) as RobotDocument;
    } catch (error) {
      throw new RegistryFileError(this.#path, errorMessage(error), error);
    }
  }

  /** What the registry could not read is not written. */
  #write(document: RobotDocument): void {
    const text = `${JSON.stringify(document, null, 2)}\n`;
    try {
      parseRobots(text);
    } catch (error) {
      throw new RegistryFileError(this.#path, errorMessage(error), error);
    }
    writeWhole(this.#path, text, 0o600);
  }
}
