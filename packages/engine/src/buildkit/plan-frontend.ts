import {
  BuildOptionNotBuiltError,
  type BuildRequest,
  type ContextSource,
  InvalidBuildError,
} from '@gantry/builder';
import { containerLimits } from '@gantry/containers';
import type { RegistryAuth } from '@gantry/http-api';
import type { CgroupSupport } from '@gantry/kernel';
import { parseReference } from '@gantry/oci';
import type { ImageView } from '../image-view.ts';
import type { PlannedBuild } from './build-job.ts';
import { type FrontendWish, readFrontendAttributes } from './frontend-attributes.ts';
import { sessionClient, uploadedBytes } from './session-client.ts';
import type { BuildSession } from './sessions.ts';

export interface FrontendOptions {
  images: Pick<ImageView, 'pull'>;
  cgroupSupport: CgroupSupport;
  /** Of /dev/shm where a build does not say. */
  sharedMemoryBytes: () => number;
}

export interface FrontendRequest {
  readonly frontend: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly session: BuildSession | undefined;
  readonly entitlements: readonly string[];
  readonly signal: AbortSignal;
}

/** A frontend's build, and the question that it was asked instead, if any. */
export interface FrontendPlan {
  readonly build: PlannedBuild;
  readonly requestId: string;
}

/** Turns what a frontend is asked for into a build of ours. Throws `InvalidBuildError`, `BuildOptionNotBuiltError`. */
export function planFrontend(
  { images, cgroupSupport, sharedMemoryBytes }: FrontendOptions,
  { frontend, attributes, session, entitlements, signal }: FrontendRequest,
): FrontendPlan {
  refuseForeign(frontend, attributes);
  const { requestId, resources, ...wish } = readFrontendAttributes(attributes);
  const client = session && sessionClient(session);
  return {
    requestId,
    build: {
      ...wish,
      context: contextOf(wish, session, signal),
      ...(client && { client }),
      entitlements: new Set(entitlements),
      limits: containerLimits(resources, cgroupSupport),
      sharedMemoryBytes: wish.sharedMemoryBytes || sharedMemoryBytes(),
      pullImage: pullerOf(images, client, signal),
    },
  };
}

/** Pulls images with the credentials that a build's client lends. */
export function pullerOf(
  images: FrontendOptions['images'],
  client: BuildRequest['client'],
  signal: AbortSignal,
): BuildRequest['pullImage'] {
  return async (reference, platform) => {
    const auth = await authFor(client, reference, signal);
    await images.pull(reference, { platform, signal, onProgress: () => {}, ...(auth && { auth }) });
  };
}

/** The gateway runs frontends that are images: those that are called docker/dockerfile mean ours. */
function refuseForeign(frontend: string, attributes: ReadonlyMap<string, string>): void {
  if (frontend === 'dockerfile.v0') return;
  if (frontend !== 'gateway.v0') throw new InvalidBuildError(`frontend ${frontend} not found`);
  const source = attributes.get('source') ?? '';
  const { domain, path } = parseReference(source);
  if (domain === 'docker.io' && (path === 'docker/dockerfile' || path === 'docker/dockerfile-upstream'))
    return;
  throw new BuildOptionNotBuiltError(`a frontend other than Dockerfile's (${source})`);
}

function contextOf(
  { context }: Pick<FrontendWish, 'context'>,
  session: BuildSession | undefined,
  signal: AbortSignal,
): ContextSource {
  if (context.kind !== 'address' || session === undefined) return context;
  if (!context.address.startsWith('http://buildkit-session/')) return context;
  return { kind: 'archive', bytes: uploadedBytes(session, new URL(context.address), { signal }) };
}

async function authFor(
  client: BuildRequest['client'],
  reference: string,
  signal: AbortSignal,
): Promise<RegistryAuth | undefined> {
  const { domain } = parseReference(reference);
  const host = domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain;
  const found = await client?.credentials?.(host, { signal });
  if (found === undefined) return undefined;
  const { username, secret } = found;
  return username === '' ? { identitytoken: secret } : { username, password: secret };
}
