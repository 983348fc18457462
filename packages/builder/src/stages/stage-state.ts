import type { Lookup } from '@gantry/dockerfile';
import { ConfigDraft, type PlainLayer, type ResolvedImage } from '@gantry/images';
import type { Digest, HistoryEntry, ImageRunConfig, Platform } from '@gantry/oci';

/** A stage between two of its instructions; a stage on top of it begins with a copy. */
export class StageState {
  /** The image at the bottom; undefined for `scratch`. */
  readonly parent: ResolvedImage | undefined;
  /** What its commands are made for. */
  readonly platform: Platform;
  readonly draft: ConfigDraft;
  /** Of ARG, with their values. */
  readonly arguments: Map<string, string>;
  readonly layers: PlainLayer[];
  readonly history: HistoryEntry[];
  author: string;
  /** When its last layer was made; an image that is built again from the cache is the same image. */
  createdAt: string;

  private constructor(
    parts: Omit<
      StageState,
      'draft' | 'layerIds' | 'lookup' | 'runVariables' | 'copy' | 'add' | 'withFiles'
    > & {
      config: ImageRunConfig;
    },
  ) {
    this.parent = parts.parent;
    this.platform = parts.platform;
    this.draft = new ConfigDraft(parts.config);
    this.arguments = new Map(parts.arguments);
    this.layers = [...parts.layers];
    this.history = [...parts.history];
    this.author = parts.author;
    this.createdAt = parts.createdAt;
  }

  /** `now` for an image that does not say when it was made. */
  static onImage(parent: ResolvedImage, now: Date): StageState {
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
      config: {},
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
    return new StageState({
      parent,
      platform,
      config: draft.config,
      arguments: this.arguments,
      layers,
      history,
      author,
      createdAt,
    });
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

  /** What a variable stands for within the stage: ENV before ARG. */
  readonly lookup: Lookup = (name) => this.draft.variable(name) ?? this.arguments.get(name);

  /** The environment of a RUN. */
  runVariables(): string[] {
    const own = [...this.arguments].filter(([name]) => this.draft.variable(name) === undefined);
    return [...(this.draft.config.Env ?? []), ...own.map(([name, value]) => `${name}=${value}`)];
  }
}
