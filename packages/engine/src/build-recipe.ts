import {
  type AttestationWishes,
  type BuildClient,
  type BuildOutput,
  type BuildResult,
  type BuildService,
  ClassicText,
  directoryContext,
  imageOutput,
  type Recipe,
  renderRecipe,
} from '@gantry/builder';
import {
  canonicalString,
  hostPlatform,
  type Platform,
  parseReference,
  tarEnd,
  withDefaultTag,
} from '@gantry/oci';
import type { ImageView } from './image-view.ts';

export interface RecipeOptions {
  /** Directory of the files that `copy` and `add` take; its `.dockerignore` counts. None at all when missing. */
  context?: string;
  /** `repository[:tag]` names of the image. */
  tags?: readonly string[];
  /** The host's when missing; several make an index. */
  platforms?: readonly Platform[];
  /** Nothing that was built before is taken. */
  noCache?: boolean;
  /** Images are asked for at their registry even when they are here. */
  pull?: boolean;
  /** Of commands: `default`, `none`, `host` or the name of a network. */
  network?: string;
  /** `0` and the like: what is made says no later time (seconds since the epoch). */
  sourceDateEpoch?: number;
  /** Where the result goes; an image of this host by `tags` when missing. */
  outputs?: readonly BuildOutput[];
  /** What is said of the image beside it. */
  attestations?: AttestationWishes;
  /** Lends secrets to commands, and takes outputs that are archives or files. */
  client?: BuildClient;
  /** Docker's words about what is done, whole lines or parts of them. */
  onText?: (text: string) => void;
  signal?: AbortSignal;
}

/** What building a recipe needs. */
export interface RecipeBuilder {
  builds: BuildService;
  images: Pick<ImageView, 'pull'>;
  sharedMemoryBytes: () => number;
}

/** See `Engine.build`. */
export async function buildRecipe(
  { builds, images, sharedMemoryBytes }: RecipeBuilder,
  recipe: Recipe,
  options: RecipeOptions,
): Promise<BuildResult> {
  const { context, tags = [], signal = new AbortController().signal } = options;
  const text = new ClassicText(options.onText ?? (() => {}));
  const names = tags.map((tag) => canonicalString(withDefaultTag(parseReference(tag))));
  const { sourceDateEpoch: epoch } = options;
  return await builds.build({
    context: { kind: 'archive', bytes: context === undefined ? emptyArchive() : directoryContext(context) },
    dockerfile: { kind: 'inline', path: 'recipe', bytes: Buffer.from(renderRecipe(recipe)) },
    namedContexts: new Map(),
    outputs: options.outputs ?? [imageOutput(names)],
    attestations: options.attestations ?? {},
    ...(options.client && { client: options.client }),
    target: '',
    buildArguments: new Map(epoch === undefined ? [] : [['SOURCE_DATE_EPOCH', String(epoch)]]),
    labels: new Map(),
    platforms: options.platforms ?? [hostPlatform()],
    multiPlatform: false,
    noCache: options.noCache ?? false,
    noCacheStages: new Set(),
    cacheFrom: [],
    cacheTo: [],
    entitlements: new Set(),
    pull: options.pull ?? false,
    network: options.network ?? 'default',
    extraHosts: [],
    limits: {},
    hostname: '',
    cgroupParent: '',
    ulimits: [],
    sharedMemoryBytes: sharedMemoryBytes(),
    pullImage: async (reference, platform) => {
      await images.pull(reference, { platform, signal, onProgress: () => {} });
    },
    onEvent: (event) => text.take(event),
    signal,
  });
}

async function* emptyArchive(): AsyncGenerator<Uint8Array> {
  yield tarEnd;
}
