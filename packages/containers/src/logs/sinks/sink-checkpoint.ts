import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { isErrno } from '@gantry/kernel';

const version = 1;
/** Within one page: a write of it is not torn by the end of the process. */
const recordBytes = 64;

/** The offset in a log up to which its sink has the lines, in a file that is overwritten in place. Not synced. */
export class SinkCheckpoint {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** 0 when there is none, or it is damaged: what the log has is sent again. */
  read(): number {
    try {
      const value = JSON.parse(readFileSync(this.#path, 'latin1')) as Record<string, unknown> | null;
      const offset = value?.['version'] === version ? value['offset'] : 0;
      return Number.isSafeInteger(offset) ? Number(offset) : 0;
    } catch (error) {
      if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return 0;
      throw error;
    }
  }

  /** Does nothing when the container's directory is gone. */
  write(offset: number): void {
    const text = JSON.stringify({ version, offset }).padEnd(recordBytes - 1);
    let descriptor: number;
    try {
      descriptor = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      throw error;
    }
    writeSync(descriptor, Buffer.from(`${text}\n`, 'latin1'), 0, recordBytes, 0);
    closeSync(descriptor);
  }
}
