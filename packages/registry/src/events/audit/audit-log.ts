import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import { RegistryFileError } from '../../settings/errors.ts';
import type { AuditSettings } from '../event-settings.ts';
import type { RegistryEvent } from '../registry-event.ts';

/**
 * A line of JSON for each event, in a file of mode 0600. A file that is full becomes `<file>.1`, that one `<file>.2`, and so on.
 * A line is in the kernel's hands when `write` returns.
 */
export class AuditLog implements Disposable {
  readonly #settings: AuditSettings;
  #descriptor: number;
  #sizeBytes: number;

  /** Throws `RegistryFileError`. */
  constructor(settings: AuditSettings) {
    this.#settings = settings;
    [this.#descriptor, this.#sizeBytes] = open(settings.file);
  }

  /** Throws what writing throws: a full disk. */
  write(event: RegistryEvent): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    if (this.#sizeBytes > 0 && this.#sizeBytes + line.length > this.#settings.maxBytes) this.#rotate();
    writeSync(this.#descriptor, line);
    this.#sizeBytes += line.length;
  }

  /** Opens the file anew: somebody moved it away (logrotate). */
  reopen(): void {
    const [descriptor, sizeBytes] = open(this.#settings.file);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#sizeBytes = sizeBytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    const { file, maxFiles } = this.#settings;
    if (maxFiles === 1) rmSync(file, { force: true });
    for (let number = maxFiles - 1; number > 0; number -= 1) {
      const older = number === 1 ? file : `${file}.${number - 1}`;
      if (existsSync(older)) renameSync(older, `${file}.${number}`);
    }
    this.reopen();
  }
}

function open(file: string): [descriptor: number, sizeBytes: number] {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o750 });
    const descriptor = openSync(file, 'a', 0o600);
    return [descriptor, fstatSync(descriptor).size];
  } catch (error) {
    throw new RegistryFileError(file, errorMessage(error), error);
  }
}
