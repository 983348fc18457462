import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Logger, silentLogger } from '@gantry/base';
import { isErrno, ProcessHandle, ReadinessPoller, type SpawnDescriptor, spawnProcess } from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { until } from '../../testing/index.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import { nowhere } from '../shim/stdio.ts';
import { type Executable, SealedProgram } from './sealed-program.ts';

const number = 4;

test('whoever asks first gets the program itself, later ones a copy that nobody can change', async () => {
  await using root = await temporaryRoot('sealed');
  await using leaks = await LeakCheck.begin({ tag: root.path });
  {
    using place = new Place(root.path, '/bin/sleep');
    assert.deepEqual(place.ask(), { file: place.program });
    const { file, descriptor } = await place.sealedCopy();
    const running = await place.run(file, descriptor);
    assert.equal(readFileSync(`/proc/${running.pid}/comm`, 'utf8'), 'crun\n');
    assert.match(readlinkSync(`/proc/${running.pid}/exe`), /^\/memfd:crun/);
    await running.kill();
    running[Symbol.dispose]();
    const writable = openSync(`/proc/self/fd/${descriptor}`, 'r+');
    assert.throws(
      () => writeSync(writable, 'x'),
      (error) => isErrno(error, 'EPERM'),
    );
    closeSync(writable);
    assert.deepEqual(place.warnings, []);
  }
  await leaks.check();
});

test('a program that was replaced is copied anew', async () => {
  await using root = await temporaryRoot('sealed');
  using place = new Place(root.path, '/bin/sleep');
  const before = await place.sealedCopy();
  place.replaceBy('/bin/true');
  assert.deepEqual(place.ask(), { file: place.program });
  const after = await place.sealedCopy();
  assert.notEqual(after.descriptor, before.descriptor);
  using running = await place.run(after.file, after.descriptor);
  assert.deepEqual(await running.died, { exitCode: 0 });
});

test('a copy that does not run is told once and never used', async () => {
  await using root = await temporaryRoot('sealed');
  using place = new Place(root.path, '/bin/false');
  place.ask();
  await until(() => place.warnings.length > 0);
  assert.deepEqual(place.ask(), { file: place.program });
  assert.deepEqual(place.warnings, ['the OCI runtime cannot be run from memory: starts are slower']);
});

test('a copy that is still being tried when the engine lets go of it leaves no process', async () => {
  await using root = await temporaryRoot('sealed');
  await using leaks = await LeakCheck.begin({ tag: root.path });
  for (let round = 0; round < 5; round += 1) {
    using place = new Place(root.path, '/bin/sleep');
    place.ask();
    // Takes as long as the trial.
    if (round % 2 === 0) await promisify(execFile)('/bin/true');
  }
  await promisify(execFile)('/bin/true');
  await leaks.check();
});

/** A program that is called crun. */
class Place implements Disposable {
  readonly program: string;
  readonly warnings: string[] = [];
  readonly #made = new DisposableStack();
  readonly #poller = this.#made.use(new ReadinessPoller());
  readonly #closing = new AbortController();
  readonly #sealed: SealedProgram;

  constructor(root: string, program: string) {
    this.program = path.join(root, 'crun');
    copyFileSync(program, this.program);
    const logger: Logger = { ...silentLogger, warn: (message) => this.warnings.push(message) };
    this.#sealed = this.#made.use(
      new SealedProgram({
        program: { name: 'crun', file: this.program },
        folder: path.join(root, 'programs'),
        poller: this.#poller,
        logger,
        closing: this.#closing.signal,
      }),
    );
    this.#made.defer(() => this.#closing.abort());
  }

  ask(): Executable {
    return this.#sealed.asDescriptor(number);
  }

  async sealedCopy(): Promise<Required<Executable>> {
    await until(() => this.ask().descriptor !== undefined);
    return this.ask() as Required<Executable>;
  }

  replaceBy(program: string): void {
    copyFileSync(program, `${this.program}.new`);
    renameSync(`${this.program}.new`, this.program);
  }

  async run(file: string, descriptor: SpawnDescriptor): Promise<WatchedProcess> {
    const descriptors = [nowhere, nowhere, nowhere, nowhere, descriptor];
    const pid = await spawnProcess({ file, args: ['1000'], env: [], descriptors });
    return new WatchedProcess(new ProcessHandle(pid), this.#poller);
  }

  [Symbol.dispose](): void {
    this.#made.dispose();
  }
}
