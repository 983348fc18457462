import { setTimeout as delay } from 'node:timers/promises';
import { type LeakSourceOptions, leakSources } from './leak-sources.ts';

export interface LeakCheckOptions {
  /** Marks this test's processes: a path they work in, or an environment entry they inherit. The test's root, usually. */
  tag: string;
  /** Cgroups whose name starts with it are the test's. None are looked for when missing. */
  cgroupPrefix?: string;
  /** Directories in which no file may be left. */
  directories?: readonly string[];
  /** Lines that may stay: told what kind of thing it is, and the line that would be printed. */
  allow?: (kind: string, line: string) => boolean;
  /** How long what ends by itself (processes reaped, links of a dropped namespace) is waited for. 10,000 when missing. */
  graceMs?: number;
}

/** `leaks` has one line for each thing that was not there at the start. */
export class LeakError extends Error {
  override readonly name = 'LeakError';
  readonly leaks: readonly string[];
  constructor(leaks: readonly string[]) {
    super(`left behind:\n${leaks.map((leak) => `  ${leak}`).join('\n')}`);
    this.leaks = leaks;
  }
}

/**
 * What the system held for this test before, against after: mounts and pinned network namespaces of this mount
 * namespace, links and nft rules of this network namespace, the test's processes and cgroups, this process's
 * descriptors, files.
 *
 * ```ts
 * await using root = await temporaryRoot();
 * await using leaks = await LeakCheck.begin({ tag: root.path });
 * ```
 */
export class LeakCheck implements AsyncDisposable {
  readonly #options: LeakCheckOptions;
  readonly #before: ReadonlyMap<string, ReadonlySet<string>>;

  private constructor(options: LeakCheckOptions, before: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#options = options;
    this.#before = before;
  }

  static async begin(options: LeakCheckOptions): Promise<LeakCheck> {
    return new LeakCheck(options, await takeSnapshot(options));
  }

  /** Throws `LeakError` when something new is still there after the grace. */
  async check(): Promise<void> {
    const deadline = performance.now() + (this.#options.graceMs ?? 10_000);
    for (;;) {
      const leaks = await this.#compare();
      if (leaks.length === 0) return;
      if (performance.now() >= deadline) throw new LeakError(leaks);
      await delay(20);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.check();
  }

  async #compare(): Promise<string[]> {
    const now = await takeSnapshot(this.#options);
    const leaks: string[] = [];
    for (const [kind, lines] of now) {
      for (const line of lines) {
        if (this.#before.get(kind)?.has(line) === true || this.#options.allow?.(kind, line) === true)
          continue;
        leaks.push(`${kind}: ${line}`);
      }
    }
    return leaks;
  }
}

async function takeSnapshot(options: LeakCheckOptions): Promise<Map<string, Set<string>>> {
  const sourceOptions: LeakSourceOptions = {
    tag: options.tag,
    cgroupPrefix: options.cgroupPrefix ?? '',
    directories: options.directories ?? [],
  };
  const snapshot = new Map<string, Set<string>>();
  for (const [kind, list] of Object.entries(leakSources)) {
    snapshot.set(kind, new Set(await list(sourceOptions)));
  }
  return snapshot;
}
