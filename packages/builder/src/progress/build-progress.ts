import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '@gantry/base';
import type { CheckWarning, LineRange } from '@gantry/dockerfile';
import type { Digest } from '@gantry/oci';
import type { BuildEvent, BuildVertex, StepStatus } from './build-event.ts';

export interface BuildProgressOptions {
  onEvent: (event: BuildEvent) => void;
  clock: Clock;
}

/** What the parts of one build tell it by. */
export class BuildProgress {
  readonly #options: BuildProgressOptions;
  readonly #salt = randomUUID();
  #stages = 0;
  #steps = 0;

  constructor(options: BuildProgressOptions) {
    this.#options = options;
  }

  tell(event: BuildEvent): void {
    this.#options.onEvent(event);
  }

  /** In the order of the file. */
  addStage(): StageProgress {
    this.#stages += 1;
    return new StageProgress(this, this.#stages - 1);
  }

  /** A step begins; of no stage when `stage` is missing. */
  step(name: string, { stage, lines }: { stage?: number; lines?: LineRange } = {}): StepProgress {
    this.#steps += 1;
    const hash = createHash('sha256').update(`${this.#salt} ${this.#steps}`);
    const vertex: Omit<BuildVertex, 'startedAt' | 'cached'> = {
      digest: `sha256:${hash.digest('hex')}`,
      name,
      inputs: [],
      ...(lines && { lines }),
    };
    return new StepProgress(vertex, { ...this.#options, ...(stage !== undefined && { stage }) });
  }

  /** A step that the Dockerfile does not have. */
  internal(name: string, lines?: LineRange): StepProgress {
    return this.step(`[internal] ${name}`, lines && { lines });
  }

  warn(warnings: readonly CheckWarning[]): void {
    for (const warning of warnings) this.tell({ kind: 'warning', warning });
  }
}

/** What one stage tells. */
export class StageProgress {
  readonly #progress: BuildProgress;
  readonly #stage: number;

  constructor(progress: BuildProgress, stage: number) {
    this.#progress = progress;
    this.#stage = stage;
    progress.tell({ kind: 'stage', stage, state: 'waiting' });
  }

  /** An instruction begins, the `number`th of the file's `total`. */
  instruction(source: string, number: number, total: number): void {
    this.#progress.tell({ kind: 'instruction', stage: this.#stage, number, total, source });
  }

  triggers(count: number): void {
    this.#progress.tell({ kind: 'triggers', stage: this.#stage, count });
  }

  base(id: Digest): void {
    this.#progress.tell({ kind: 'base', stage: this.#stage, id });
  }

  step(name: string, lines?: LineRange): StepProgress {
    return this.#progress.step(name, { stage: this.#stage, ...(lines && { lines }) });
  }

  /** A step that the file does not have. */
  internal(name: string, lines?: LineRange): StepProgress {
    return this.#progress.internal(name, lines);
  }

  end(state: 'done' | 'failed'): void {
    this.#progress.tell({ kind: 'stage', stage: this.#stage, state });
  }
}

/** What one step tells: it begins when it is made, and ends with `done` or `fail`. */
export class StepProgress {
  readonly #options: BuildProgressOptions & { stage?: number };
  readonly #startedAt = new Map<string, Date>();
  #vertex: BuildVertex;

  constructor(
    vertex: Omit<BuildVertex, 'startedAt' | 'cached'>,
    options: BuildProgressOptions & { stage?: number },
  ) {
    this.#options = options;
    this.#vertex = { ...vertex, startedAt: options.clock.now(), cached: false };
    this.#tellVertex();
  }

  /** Does the work of the step. */
  async do<T>(work: (step: StepProgress) => Promise<T>): Promise<T> {
    try {
      const result = await work(this);
      this.done();
      return result;
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** The cache had it. */
  cached(): void {
    this.#vertex = { ...this.#vertex, cached: true };
  }

  /** Its command is run. */
  running(): void {
    const { stage } = this.#options;
    if (stage !== undefined) this.#options.onEvent({ kind: 'running', stage });
  }

  /** Output of a command, as it comes. */
  output(data: Uint8Array, stream: 1 | 2 = 1): void {
    const { stage, clock, onEvent } = this.#options;
    const { digest: vertex } = this.#vertex;
    onEvent({ kind: 'log', ...(stage !== undefined && { stage }), vertex, stream, data, at: clock.now() });
  }

  status(status: StepStatus): void {
    const at = this.#options.clock.now();
    const startedAt = this.#startedAt.get(status.id) ?? at;
    this.#startedAt.set(status.id, startedAt);
    this.#options.onEvent({ kind: 'status', vertex: this.#vertex.digest, status, startedAt, at });
  }

  /** Something that is over as it is told. */
  note(text: string): void {
    this.status({ id: text, current: 0, total: 0, completed: true });
  }

  done(): void {
    this.#end({});
  }

  fail(error: unknown): void {
    this.#end({ error });
  }

  #end(outcome: { error?: unknown }): void {
    if (this.#vertex.completedAt !== undefined) return;
    this.#vertex = { ...this.#vertex, ...outcome, completedAt: this.#options.clock.now() };
    this.#tellVertex();
  }

  #tellVertex(): void {
    const { stage, onEvent } = this.#options;
    onEvent({ kind: 'vertex', ...(stage !== undefined && { stage }), vertex: this.#vertex });
  }
}
