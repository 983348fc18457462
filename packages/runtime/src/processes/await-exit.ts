import type { Clock } from '@gantry/base';
import { keepsExitStatus } from '@gantry/kernel';
import type { ProcessFiles } from '../container-files.ts';
import type { EventFolder } from '../events/event-folder.ts';
import { keepAlive } from '../keep-alive.ts';
import { readExitFile } from './number-files.ts';
import type { WatchedProcess } from './watched-process.ts';

export interface ExitWatch {
  files: ProcessFiles;
  events: EventFolder;
  clock: Clock;
  /** Undefined when it was dead already. */
  init: WatchedProcess | undefined;
  shim: WatchedProcess | undefined;
  /** Aborts when the runtime closes: this rejects then, or stays pending. */
  closing: AbortSignal;
}

export interface ProcessExit {
  exitCode: number;
  at: Date;
  /** Resolves when the OCI runtime has cleared away and the shim said so, or never will. Rejects when the runtime closes. */
  clearedAway: Promise<unknown>;
}

/**
 * Waits until init is dead and its exit code is known.
 *
 * The shim's exit file counts only if init was dead when it was written: a killed OCI runtime leaves one (137) while the
 * container lives on. From Linux 6.15 on the kernel knows the code of whomever this process held by a pidfd, whatever
 * became of the shim and the OCI runtime, as soon as somebody has reaped it. Without both it is 137.
 *
 * With `early` the kernel's word is enough, which comes 2 ms before the shim's.
 */
export async function awaitExit(
  watch: ExitWatch,
  { early = false }: { early?: boolean } = {},
): Promise<ProcessExit> {
  const isPremature = await deathOf(watch);
  using _alive = keepAlive();
  const clearedAway = isPremature ? Promise.resolve(undefined) : shimsWord(watch);
  const told = early && keepsExitStatus() ? watch.init?.noted() : undefined;
  const written = await (told === undefined ? clearedAway : Promise.race([clearedAway, told]));
  const exitCode = (await kernelsWord(watch)) ?? written?.exitCode ?? unknownExitCode;
  return { exitCode, at: written?.at ?? watch.clock.now(), clearedAway };
}

/** 128 + SIGKILL: what Docker says when nobody knows. */
const unknownExitCode = 137;
const exitFileMs = 10_000;
const recheckMs = 500;
const reapMs = 10_000;
const reapStepMs = 10;

/** Waits for init's death. True when the exit file was there before. */
async function deathOf({ files, events, init }: ExitWatch): Promise<boolean> {
  if (init === undefined) return false;
  let isPremature = false;
  const look = (): void => {
    isPremature ||= readExitFile(files.exit) !== undefined && init.isAlive;
  };
  using _subscription = events.subscribe(files.exitEvent, look);
  look();
  await init.died;
  return isPremature;
}

/** Waits for the exit file as long as the shim can write it. */
async function shimsWord({
  files,
  events,
  shim,
  clock,
  closing,
}: ExitWatch): Promise<{ exitCode: number; at: Date } | undefined> {
  const deadline = performance.now() + exitFileMs;
  let wake = Promise.withResolvers<void>();
  using _subscription = events.subscribe(files.exitEvent, () => wake.resolve());
  for (;;) {
    wake = Promise.withResolvers();
    // Asked before the file is read: a shim that is dead then has written all it ever will.
    const canComeStill = shim?.isAlive === true && performance.now() < deadline;
    const written = readExitFile(files.exit);
    if (written !== undefined || !canComeStill) return written;
    // The last is for an inotify queue that overflowed.
    await Promise.race([wake.promise, shim.died, clock.sleep(recheckMs, closing)]);
  }
}

/** An orphan is reaped by whoever inherited it, in its own time; after a normal end the OCI runtime has done so. */
async function kernelsWord({ init, clock, closing }: ExitWatch): Promise<number | undefined> {
  if (init === undefined || !keepsExitStatus()) return undefined;
  for (let waitedMs = 0; waitedMs < reapMs; waitedMs += reapStepMs) {
    const status = init.handle.exitStatus();
    if (status !== undefined) return status.exitCode;
    await clock.sleep(reapStepMs, closing);
  }
  return undefined;
}
