/** Text of one stage that waits for its turn; beyond it the middle is left out. */
const longestKeptText = 4 * 1024 * 1024;

/**
 * The text of a build whose stages run side by side, in the order of the file: the first that is not over speaks at once, what the
 * others say is kept until their turn. When a stage fails, the others fall silent and its text comes, so that it is the last.
 */
export class BuildProgress {
  readonly #onText: (text: string) => void;
  readonly #stages: StageProgress[] = [];
  #isOver = false;

  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  /** In the order of the file. */
  addStage(): StageProgress {
    const stage = new StageProgress(() => this.#speak());
    this.#stages.push(stage);
    return stage;
  }

  /** Text that belongs to no stage. */
  text(text: string): void {
    if (!this.#isOver) this.#onText(text);
  }

  #speak(): void {
    if (this.#isOver) return;
    const failed = this.#stages.find(({ state }) => state === 'failed');
    if (failed !== undefined) {
      this.#onText(failed.take());
      this.#isOver = true;
      return;
    }
    for (const stage of this.#stages) {
      const text = stage.take();
      if (text !== '') this.#onText(text);
      if (stage.state === 'running') return;
    }
  }
}

/** What one stage says. */
export class StageProgress {
  state: 'running' | 'done' | 'failed' = 'running';
  #kept = '';
  #decoder = new TextDecoder();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** A line of the builder's own. */
  line(text: string): void {
    this.#add(`${text}\n`);
  }

  /** Output of a command, as it comes. */
  output(data: Uint8Array): void {
    this.#add(this.#decoder.decode(data, { stream: true }));
  }

  end(state: 'done' | 'failed'): void {
    this.state = state;
    this.#onChange();
  }

  /** Whatever is kept; it is not kept any more. */
  take(): string {
    const text = this.#kept;
    this.#kept = '';
    return text;
  }

  #add(text: string): void {
    this.#kept += text;
    if (this.#kept.length > longestKeptText) {
      const half = longestKeptText / 2;
      this.#kept = `${this.#kept.slice(0, half)}\n[output left out]\n${this.#kept.slice(-half)}`;
    }
    this.#onChange();
  }
}
