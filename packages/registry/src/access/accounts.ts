import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, type Logger, Semaphore } from '@gantry/base';
import { WatchedFile } from '../settings/watched-file.ts';
import type { Identity } from './access.ts';
import type { AccessSettings } from './access-settings.ts';
import { TooManySignInsError } from './errors.ts';
import { hashSecret, parseRobots, type Robot, type Robots } from './robots/robot-file.ts';
import { type Htpasswd, parseHtpasswd } from './users/htpasswd.ts';
import { PasswordHashing } from './users/password-hashing.ts';
import { SignInAttempts } from './users/sign-in-attempts.ts';

/** Somebody who may sign in. */
export interface Account {
  identity: Identity;
  robot?: Robot;
  /** Changes when the password or the robot's token does: what was given out for the old one is void then. */
  fingerprint: string;
}

export interface AccountsOptions {
  settings: AccessSettings;
  clock: Clock;
  logger: Logger;
}

const maxPasswordLength = 1024;
const maxWaiting = 32;
const maxRemembered = 1000;
const rememberedMs = 300_000;
/** Of no password, without its cost. */
const nobodysHash = 'CwTycUXWue0Thq9StjUM0uJ8.jv8sUq4xRfY5Tbs0yS3x6zKGJ2mK';

/** Users and robots with their secrets. The files are read again when they change. */
export class Accounts implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #users: WatchedFile<Htpasswd> | undefined;
  readonly #robots: WatchedFile<Robots> | undefined;
  readonly #hashing = new PasswordHashing();
  readonly #attempts: SignInAttempts;
  readonly #turns = new Semaphore(1);
  #waiting = 0;
  /** Digests, under a key of this process, of what was right a short time ago; bcrypt is slow on purpose. */
  readonly #remembered = new Map<string, number>();
  readonly #rememberKey = randomBytes(32);

  /** Throws `RegistryFileError` for a file that cannot be used. */
  constructor({ settings, clock, logger }: AccountsOptions) {
    this.#clock = clock;
    this.#attempts = new SignInAttempts(clock);
    const { usersFile, robotsFile } = settings;
    if (usersFile !== undefined) {
      this.#users = new WatchedFile({ path: usersFile, parse: parseHtpasswd, clock, logger });
    }
    if (robotsFile !== undefined) {
      this.#robots = new WatchedFile({ path: robotsFile, parse: parseRobots, clock, logger });
    }
  }

  /** Somebody's account while it exists; a robot's until its end. */
  find(name: string): Account | undefined {
    const hash = this.#users?.value.get(name);
    if (hash !== undefined) return { identity: { name, kind: 'user' }, fingerprint: fingerprintOf(hash) };
    const robot = this.#robots?.value.get(name);
    if (robot === undefined || (robot.endsAtMs ?? Infinity) <= this.#clock.now().getTime()) return undefined;
    return { identity: { name, kind: 'robot' }, robot, fingerprint: fingerprintOf(robot.secretSha256) };
  }

  /**
   * The account of a name and its password (or a robot's token); undefined when they do not belong together, in about the same
   * time whether the name exists or not. Throws `TooManySignInsError`.
   */
  async signIn(name: string, password: string, remoteAddress: string): Promise<Account | undefined> {
    const account = this.find(name);
    const memory = this.#memoryOf(account, password);
    if (account !== undefined && this.#remembers(memory)) return account;
    this.#attempts.begin(name, remoteAddress);
    if (password.length <= maxPasswordLength && (await this.#isRight(name, account, password))) {
      this.#remember(memory);
      return account;
    }
    this.#attempts.failed(name, remoteAddress);
    return undefined;
  }

  /** Reads changed files at once. */
  reload(): void {
    this.#users?.look();
    this.#robots?.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hashing[Symbol.asyncDispose]();
  }

  async #isRight(name: string, account: Account | undefined, password: string): Promise<boolean> {
    if (account?.robot !== undefined) {
      const given = Buffer.from(hashSecret(password), 'hex');
      return timingSafeEqual(given, Buffer.from(account.robot.secretSha256, 'hex'));
    }
    const users: Htpasswd = this.#users?.value ?? new Map<string, string>();
    const hash = users.get(name);
    const isRight = await this.#compare(password, hash ?? hashOfNobody(users));
    return hash !== undefined && account !== undefined && isRight;
  }

  /** One at a time: more would only take the time from each other. Many who wait are a storm. */
  async #compare(password: string, hash: string): Promise<boolean> {
    if (this.#waiting >= maxWaiting) throw new TooManySignInsError(1000);
    this.#waiting += 1;
    try {
      return await this.#turns.run(() => this.#hashing.isRight(password, hash));
    } finally {
      this.#waiting -= 1;
    }
  }

  #memoryOf(account: Account | undefined, password: string): string {
    const mac = createHmac('sha256', this.#rememberKey);
    return mac
      .update(`${account?.identity.name ?? ''}\0${account?.fingerprint ?? ''}\0${password}`)
      .digest('base64');
  }

  #remembers(memory: string): boolean {
    return (this.#remembered.get(memory) ?? 0) > this.#clock.now().getTime();
  }

  #remember(memory: string): void {
    this.#remembered.set(memory, this.#clock.now().getTime() + rememberedMs);
    if (this.#remembered.size <= maxRemembered) return;
    const [oldest = ''] = this.#remembered.keys();
    this.#remembered.delete(oldest);
  }
}

/** As costly as a user's: a name that nobody has takes as long as a wrong password. */
function hashOfNobody(users: Htpasswd): string {
  const [prefix = '$2b$10$'] = [...users.values()].map((hash) => hash.slice(0, 7)).toSorted();
  return `${prefix}${nobodysHash}`;
}

function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, 22);
}
