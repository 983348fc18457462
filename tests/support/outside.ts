import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestDaemon } from './test-daemon.ts';

/** A directory of the host that no container may see or change. */
export class Outside {
  readonly path: string;
  readonly #daemon: TestDaemon;

  constructor(daemon: TestDaemon) {
    this.#daemon = daemon;
    this.path = path.join(daemon.root, 'outside');
    mkdirSync(this.path);
    writeFileSync(path.join(this.path, 'secret'), 'secret of the host');
  }

  /** Asserts that it is as it was made, and that nothing is mounted on it. */
  assertUntouched(): void {
    assert.deepEqual(readdirSync(this.path), ['secret']);
    assert.equal(readFileSync(path.join(this.path, 'secret'), 'utf8'), 'secret of the host');
    const mounts = readFileSync(`/proc/${this.#daemon.pid}/mountinfo`, 'utf8');
    assert.ok(!mounts.includes(` ${this.path}`), mounts);
  }
}
