import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LogOptions } from '@gantry/api-types';
import { type Clock, type Logger, silentLogger, systemClock } from '@gantry/base';
import { singleFrames } from '../src/attach/output-frame.ts';
import { ContainerLog } from '../src/logs/container-log.ts';
import { readLog } from '../src/logs/reading/read-log.ts';
import type { LogPlan } from '../src/logs/settings/log-plan.ts';
import type { StoreSettings } from '../src/logs/settings/store-settings.ts';
import type { LogStream } from '../src/logs/store/record-run.ts';

export const logContainerId: string = 'c'.repeat(64);

/** A log in a temporary directory, and a process of whose output the log keeps the position. */
export class LogFixture implements Disposable {
  readonly directory: string = mkdtempSync(path.join(tmpdir(), 'gantry-log-'));
  readonly plan: LogPlan;
  log: ContainerLog;
  position: Record<LogStream, number> = { stdout: 0, stderr: 0 };
  released: Record<LogStream, number> = { stdout: 0, stderr: 0 };

  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  readonly #clock: Clock;

  constructor(
    limits: Partial<StoreSettings> & { maxFileBytes: number; maxFiles: number } = {
      maxFileBytes: 1e9,
      maxFiles: 2,
    },
    clock: Clock = systemClock,
    plan: Partial<LogPlan> = {},
  ) {
    this.plan = {
      driver: 'json-file',
      store: { fileName: `${logContainerId}-json.log`, compress: false, ...limits },
      readable: true,
      showsPath: true,
      attributes: {},
      maxBufferBytes: undefined,
      sink: undefined,
      ...plan,
    };
    this.#clock = clock;
    this.log = this.#open();
  }

  begin(): void {
    this.position = { stdout: 0, stderr: 0 };
    this.log.begin((position) => (this.released = position));
  }

  append(stream: LogStream, data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.position = { ...this.position, [stream]: this.position[stream] + bytes.length };
    this.log.append(stream, bytes, this.position);
  }

  /** As after kill -9: what was not written is gone. Returns the position from which output is read again. */
  reopen(): Record<LogStream, number> {
    this.log = this.#open();
    this.position = this.log.resume((position) => (this.released = position));
    return this.position;
  }

  async read(options: Partial<LogOptions> = {}): Promise<string> {
    return (await this.readBytes(options)).toString();
  }

  async readBytes(options: Partial<LogOptions> = {}): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const some of this.frames(options))
      parts.push(...singleFrames(some).map(({ data }) => Buffer.from(data)));
    return Buffer.concat(parts);
  }

  frames(options: Partial<LogOptions> = {}): ReturnType<typeof readLog> {
    const all = {
      stdout: true,
      stderr: true,
      follow: false,
      timestamps: false,
      details: false,
      signal: new AbortController().signal,
      ...options,
    };
    return readLog(this.log, all, systemClock);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #logger(): Logger {
    return {
      ...silentLogger,
      error: (message) => this.errors.push(message),
      warn: (message) => this.warnings.push(message),
      child: () => this.#logger(),
    };
  }

  #open(): ContainerLog {
    return new ContainerLog({
      containerId: logContainerId,
      directory: this.directory,
      plan: () => this.plan,
      clock: this.#clock,
      logger: this.#logger(),
    });
  }
}
