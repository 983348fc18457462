import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { StartRequest } from '@gantry/runtime';

/** A process of its own that runs `engine-child.ts`, for killing. */
export class ChildEngine implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';
  #wake: () => void = () => {};

  constructor(execRoot: string, request: StartRequest) {
    const requestFile = path.join(path.dirname(execRoot), `${request.containerId}.request.json`);
    writeFileSync(requestFile, JSON.stringify(request));
    const program = path.join(import.meta.dirname, 'engine-child.ts');
    const args = [program, execRoot, ChildEngine.journal(execRoot, request.containerId), requestFile];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#exited = once(this.#child, 'close');
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
      this.#wake();
    });
    void this.#exited.then(() => this.#wake());
  }

  static journal(execRoot: string, containerId: string): string {
    return path.join(path.dirname(execRoot), `${containerId}.journal`);
  }

  /** Resolves with the match when the engine printed it; undefined when the engine is gone. */
  async printed(pattern: RegExp): Promise<RegExpExecArray | undefined> {
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
