import type { Lookup } from '@gantry/dockerfile';
import { ConfigDraft, type ParentImage, type PlainLayer, type ResolvedImage } from '@gantry/images';
import type { Digest, HistoryEntry, ImageRunConfig, Platform } from '@gantry/oci';
import { defaultPath } from '../steps/default-path.ts';

/** `target`: of an image that has no record here. */
export type ParentResult = ResolvedImage & Pick<ParentImage, 'target'>;

/** A stage between two of its instructions; a stage on top of it begins with a copy. */
export class StageState {
  /** The image at the bottom; undefined for `scratch`. */
  readonly parent: ParentResult | undefined;
  /** What its commands are made for. */
  readonly platform: Platform;
  readonly draft: ConfigDraft;
  /** Of ARG, with their values, in the order of their declarations. */
  readonly arguments: Map<string, string>;
  /** Arguments that are declared and have no value. */
  readonly unsetArguments: Set<string>;
  /** Arguments that an ENV behind them has taken the name of. */
  readonly #overridden = new Set<string>();
  readonly layers: PlainLayer[];
  readonly history: HistoryEntry[];
  author: string;
  /** When its last layer was made; an image that is built again from the cache is the same image. */
  createdAt: string;

  private constructor(
    parts: Omit<
      StageState,
      | 'draft'
      | 'layerIds'
      | 'lookup'
      | 'runVariables'
      | 'toldArguments'
      | 'declare'
      | 'setVariables'
      | 'unsetArguments'
      | 'copy'
      | 'add'
      | 'withFiles'
    > & {
      config: ImageRunConfig;
    },
  ) {
    this.parent = parts.parent;
    this.platform = parts.platform;
    this.draft = new ConfigDraft(parts.config);
    this.arguments = new Map(parts.arguments);
    this.unsetArguments = new Set();
    this.layers = [...parts.layers];
    this.history = [...parts.history];
    this.author = parts.author;
    this.createdAt = parts.createdAt;
  }

  /** `now` for an image that does not say when it was made. */
  static onImage(parent: ParentResult, now: Date): StageState {
    const { config, author = '', created } = parent.config;
    return new StageState({
      parent,
      platform: parent.platform,
      config: config ?? {},
      arguments: new Map(),
      layers: [],
      history: [],
      author,
      createdAt: created ?? now.toISOString(),
    });
  }

  static onNothing(platform: Platform, now: Date): StageState {
    return new StageState({
      parent: undefined,
      platform,
      config: { Env: [`PATH=${defaultPath}`], WorkingDir: '/' },
      arguments: new Map(),
      layers: [],
      history: [],
      author: '',
      createdAt: now.toISOString(),
    });
  }

  /** With layers of files that no instruction made. */
  withFiles(layers: readonly PlainLayer[], createdBy: string): this {
    for (const layer of layers) {
      this.layers.push(layer);
      this.history.push({ created: this.createdAt, created_by: createdBy });
    }
    return this;
  }

  copy(): StageState {
    const { parent, platform, draft, layers, history, author, createdAt } = this;
    const copied = new StageState({
      parent,
      platform,
      config: draft.config,
      arguments: this.arguments,
      layers,
      history,
      author,
      createdAt,
    });
    for (const name of this.unsetArguments) copied.unsetArguments.add(name);
    copied.setVariables(this.#overridden);
    return copied;
  }

  /** An ARG: from here on it is what its name stands for, though an ENV above had it. */
  declare(name: string, value: string | undefined): void {
    if (value === undefined) {
      if (!this.arguments.has(name)) this.unsetArguments.add(name);
      return;
    }
    this.arguments.set(name, value);
    this.unsetArguments.delete(name);
    this.#overridden.delete(name);
  }

  /** Names that an ENV has set just now. */
  setVariables(names: Iterable<string>): void {
    for (const name of names) if (this.arguments.has(name)) this.#overridden.add(name);
  }

  /** Takes up what a step made. */
  add({ layer, createdAt }: { layer: PlainLayer | undefined; createdAt: string }): void {
    if (layer === undefined) return;
    this.layers.push(layer);
    this.createdAt = createdAt;
  }

  /** Diff ids of all layers, base first. */
  get layerIds(): Digest[] {
    return [...(this.parent?.layers ?? []), ...this.layers.map(({ diffId }) => diffId)];
  }

  /** What a variable stands for within the stage: of ARG and ENV the later counts. */
  readonly lookup: Lookup = (name) =>
    this.#overridden.has(name)
      ? this.draft.variable(name)
      : (this.arguments.get(name) ?? this.draft.variable(name));

  /** The environment of a RUN. */
  runVariables(): string[] {
    const names = new Set((this.draft.config.Env ?? []).map((entry) => entry.split('=', 1)[0] ?? ''));
    for (const name of this.arguments.keys()) names.add(name);
    return [...names].map((name) => `${name}=${this.lookup(name) ?? ''}`);
  }

  /** As Docker tells which arguments a step had: `|1 NAME=value `. */
  toldArguments(): string {
    const told = [...this.arguments.keys()].map((name) => `${name}=${this.lookup(name) ?? ''}`);
    return told.length === 0 ? '' : `|${told.length} ${told.join(' ')} `;
  }
}
