import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** The right to start the engine, so that commands run at once do not start several. Disposing gives it back. */
export interface StartClaim extends Disposable {
  readonly held: boolean;
}

/** Takes the claim, or tells that a living process has it. One that a dead process left is taken over. */
export function claimStart(file: string): StartClaim {
  const held = take(file) || (isAbandoned(file) && takeOver(file));
  return {
    held,
    [Symbol.dispose](): void {
      if (held) rmSync(file, { force: true });
    },
  };
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function takeOver(file: string): boolean {
  rmSync(file, { force: true });
  return take(file);
}

function isAbandoned(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
