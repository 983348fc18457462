import assert from 'node:assert/strict';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkEngine } from '@gantry/client';
import { repositoryRoot, TestDaemon } from './test-daemon.ts';
import { until } from './until.ts';

/** One operation to be killed at each of its steps. */
export interface FaultWalk<T> {
  /** Prefixes of fault points (`create`, `start`): all of theirs in the sources must be passed. */
  covers: readonly string[];
  /** Kills at points with these prefixes alone, where another walk passes the others; at all when missing. */
  among?: readonly string[];
  /** Makes what the operation works on, undisturbed. */
  prepare: () => Promise<T>;
  /** Resolves when the operation was acknowledged, rejects when the engine died before. */
  operate: (subject: T) => Promise<void>;
  /** True when what goes on behind the acknowledged operation is over, whose points are walked too. */
  isSettled?: (subject: T) => boolean | Promise<boolean>;
  /** Asserts, with the engine restarted, that nothing acknowledged is lost; leaves nothing of the subject. */
  verify: (subject: T, acknowledged: boolean) => Promise<void>;
}

/** How the engine dies at a fault point: alone, or with the machine. */
export interface Death {
  /** The word of `fault-hook.ts` for it, and what comes after the name and the count. */
  word: 'kill' | 'cut';
  operand?: string;
  /** Does it now, if it has not happened, and leads to where the next engine can start. */
  complete: () => Promise<void>;
}

/** A daemon that can be killed at its fault points. */
export async function startFaultyDaemon(flags: readonly string[] = []): Promise<TestDaemon> {
  return TestDaemon.start(flags, [path.join(import.meta.dirname, 'fault-hook.ts')]);
}

/**
 * Goes through the operation once and notes the fault points that it passes; then once for each of them, killing the
 * engine there with SIGKILL and restarting it. After each restart `system fsck` finds nothing wrong; what else must hold is
 * asserted by `verify`.
 */
export async function killAtEveryPoint<T>(
  daemon: TestDaemon,
  walk: FaultWalk<T>,
  death: Death = { word: 'kill', complete: () => daemon.end('SIGKILL') },
): Promise<void> {
  const passes = await recordPasses(daemon, walk);
  assertCovered(passes, walk.covers);
  const { among = [''] } = walk;
  for (const [index, name] of passes.entries()) {
    if (!among.some((prefix) => name.startsWith(prefix))) continue;
    const count = passes.slice(0, index + 1).filter((each) => each === name).length;
    try {
      await killAt(daemon, walk, { death, name, count });
    } catch (error) {
      throw new Error(
        `${death.word} at ${name}, time ${count}: ${String(error)}\n${daemon.log.slice(-4000)}`,
        {
          cause: error,
        },
      );
    }
  }
}

async function recordPasses<T>(daemon: TestDaemon, walk: FaultWalk<T>): Promise<string[]> {
  const passed = `${daemon.faultFile}.passed`;
  const subject = await walk.prepare();
  writeFileSync(daemon.faultFile, 'record');
  await walk.operate(subject);
  await settle(daemon, walk, subject);
  rmSync(daemon.faultFile);
  const passes = readFileSync(passed, 'utf8').trimEnd().split('\n');
  rmSync(passed);
  await walk.verify(subject, true);
  return passes;
}

async function killAt<T>(
  daemon: TestDaemon,
  walk: FaultWalk<T>,
  { death, name, count }: { death: Death; name: string; count: number },
): Promise<void> {
  const subject = await walk.prepare();
  writeFileSync(daemon.faultFile, [death.word, name, count, death.operand ?? ''].join(' '));
  const acknowledged = await walk.operate(subject).then(
    () => true,
    () => false,
  );
  if (acknowledged) await settle(daemon, walk, subject);
  // What goes on side by side may pass a point fewer times than before: then the engine dies here.
  await death.complete();
  rmSync(daemon.faultFile);
  await daemon.restart();
  assert.deepEqual(await checkEngine(daemon.api, { repair: false }), []);
  await walk.verify(subject, acknowledged);
}

/** Waits until all is done that the operation began, or the engine is dead. */
async function settle<T>(daemon: TestDaemon, { isSettled }: FaultWalk<T>, subject: T): Promise<void> {
  if (isSettled === undefined) return;
  const settledNow = async (): Promise<boolean> => isSettled(subject);
  await until('the operation is settled', async () => !daemon.isRunning || settledNow().catch(() => false));
}

/** A step that no walk passes is a step that nobody has tried to die at. */
function assertCovered(passes: readonly string[], prefixes: readonly string[]): void {
  const sources = globSync('packages/*/src/**/*.ts', { cwd: repositoryRoot }).map((file) =>
    readFileSync(path.join(repositoryRoot, file), 'utf8'),
  );
  const names = sources.flatMap((source) =>
    [...source.matchAll(/\bfaultPoint\('([^']+)'\)/g)].map((match) => match[1] ?? ''),
  );
  const missed = names.filter(
    (name) => prefixes.includes(name.split('/')[0] ?? '') && !passes.includes(name),
  );
  assert.deepEqual(missed, [], 'fault points that the operation did not pass');
}
