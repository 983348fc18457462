import { isIP } from 'node:net';
import {
  type BuildOutput,
  type BuildRequest,
  type BuildResult,
  type BuildService,
  ClassicText,
  InvalidBuildError,
  imageOutput,
} from '@gantry/builder';
import { containerLimits, type EventHub, resourceLimits } from '@gantry/containers';
import type { BuildBackend, BuildOptions, RegistryAuth } from '@gantry/http-api';
import type { CgroupSupport } from '@gantry/kernel';
import { canonicalString, familiarString, hostPlatform, parseReference, withDefaultTag } from '@gantry/oci';
import { type ImageView, publishImageEvent } from './image-view.ts';

export interface BuildViewOptions {
  builds: BuildService;
  images: Pick<ImageView, 'pull'>;
  events: EventHub;
  cgroupSupport: CgroupSupport;
  /** Of /dev/shm where a build does not say. */
  sharedMemoryBytes: () => number;
}

/** The builder in the Engine API's words, telling the event hub what was made. */
export class BuildView implements BuildBackend {
  readonly #options: BuildViewOptions;

  constructor(options: BuildViewOptions) {
    this.#options = options;
  }

  async build(context: AsyncIterable<Uint8Array>, options: BuildOptions): Promise<{ id: string }> {
    const { builds, events } = this.#options;
    const references = [...new Set(options.tags.map(nameOf))];
    const { id } = await builds.build(this.#request(context, options, references));
    if (id === undefined) throw new Error('a build made no image');
    publishBuild(events, { id }, [imageOutput(references)]);
    return { id };
  }

  #request(
    context: AsyncIterable<Uint8Array>,
    options: BuildOptions,
    references: readonly string[],
  ): BuildRequest {
    const { images, cgroupSupport, sharedMemoryBytes } = this.#options;
    const text = new ClassicText(options.onText);
    const { dockerfile, target, buildArguments, labels, platform, noCache, pull, signal } = options;
    return {
      context: { kind: 'archive', bytes: context },
      dockerfile: { kind: 'context', path: dockerfile },
      namedContexts: new Map(),
      outputs: [imageOutput(references)],
      attestations: {},
      target,
      buildArguments,
      labels,
      platforms: [platform ?? hostPlatform()],
      multiPlatform: false,
      noCache,
      noCacheStages: new Set(),
      cacheFrom: options.cacheFrom.map((ref) => ({ type: 'registry', attributes: new Map([['ref', ref]]) })),
      cacheTo: [],
      entitlements: new Set(['network.host']),
      pull,
      network: options.networkMode || 'default',
      extraHosts: options.extraHosts.map(checkedHost),
      limits: containerLimits(options.resources, cgroupSupport),
      hostname: '',
      cgroupParent: options.cgroupParent,
      ulimits: resourceLimits(options.ulimits),
      sharedMemoryBytes: options.sharedMemoryBytes || sharedMemoryBytes(),
      pullImage: async (reference, platform) => {
        const auth = credentialsFor(reference, options.credentials);
        await images.pull(reference, {
          platform,
          signal,
          onProgress: () => {},
          ...(auth && { auth }),
        });
      },
      onEvent: (event) => text.take(event),
      signal,
    };
  }
}

/** Tells the event hub of an image that a build made. */
export function publishBuild(
  events: EventHub,
  { id }: Pick<BuildResult, 'id'>,
  outputs: readonly BuildOutput[],
): void {
  if (id === undefined) return;
  publishImageEvent(events, 'build', id, id);
  for (const output of outputs) {
    if (output.type !== 'image' || !output.store) continue;
    for (const name of output.names)
      publishImageEvent(events, 'tag', id, familiarString(parseReference(name)));
  }
}

/** Clients name Docker Hub by its old address. */
function credentialsFor(
  reference: string,
  credentials: ReadonlyMap<string, RegistryAuth>,
): RegistryAuth | undefined {
  const { domain } = parseReference(reference);
  return (
    credentials.get(domain) ??
    (domain === 'docker.io' ? credentials.get('https://index.docker.io/v1/') : undefined)
  );
}

/** `name:address`. Throws `InvalidBuildError`. */
function checkedHost(entry: string): string {
  const at = entry.indexOf(':');
  const address = entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (at > 0 && (address === 'host-gateway' || isIP(address) !== 0))
    return `${entry.slice(0, at)}:${address}`;
  throw new InvalidBuildError(`bad format for add-host: ${JSON.stringify(entry)}`);
}

function nameOf(text: string): string {
  return canonicalString(withDefaultTag(parseReference(text)));
}
