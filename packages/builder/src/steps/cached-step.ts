import { faultPoint } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildCache, type CachedStep, type StepInputs } from '../cache/build-cache.ts';
import { holdLayer, type Keep } from './layers.ts';

export interface CachedStepRequest {
  inputs: StepInputs;
  /** The instruction, for people. */
  description: string;
  /** What it is in lists; `regular` when missing. */
  type?: 'source.git.checkout';
  /** What was done before is not taken; what is done now is kept all the same. */
  noCache: boolean;
  keep: Keep;
  /** Undefined when the step changes nothing. */
  make: () => Promise<PlainLayer | undefined>;
}

export interface StepResult {
  layer: PlainLayer | undefined;
  cached: boolean;
  /** When it was done. */
  createdAt: string;
}

/** Does a step, unless the cache has what its inputs make. */
export async function cachedStep(
  environment: Pick<BuilderEnvironment, 'cache' | 'ports' | 'making' | 'outside'>,
  request: CachedStepRequest,
): Promise<StepResult> {
  const { inputs, noCache, keep } = request;
  const key = BuildCache.key(inputs);
  const found = noCache ? undefined : await foundStep(environment, key, keep);
  const step =
    found ??
    (noCache ? await remembered(environment, key, request) : await madeOnce(environment, key, request));
  environment.outside?.use(key, step);
  return { layer: step.layer, cached: found !== undefined, createdAt: step.createdAt };
}

/** In the engine's own cache first. */
async function foundStep(
  environment: Pick<BuilderEnvironment, 'cache' | 'ports' | 'outside'>,
  key: string,
  keep: Keep,
): Promise<CachedStep | undefined> {
  const { cache, outside } = environment;
  const own = cache.find(key);
  if (own !== undefined && (own.layer === undefined || (await holdLayer(environment, own.layer, keep))))
    return own;
  const fetched = await outside?.fetch(key);
  if (fetched === undefined) return undefined;
  const { layer, description, createdAt } = fetched;
  return cache.put(key, { ...(layer && { layer }), description, createdAt });
}

async function remembered(
  { cache }: Pick<BuilderEnvironment, 'cache'>,
  key: string,
  { make, description, type }: CachedStepRequest,
): Promise<CachedStep> {
  const layer = await make();
  const step = cache.put(key, { ...(layer && { layer }), ...(type && { type }), description });
  faultPoint('build/step-remembered');
  return step;
}

/** Two builds that want one step share it; when the one that does it is cancelled or fails, the other does it by itself. */
async function madeOnce(
  environment: Pick<BuilderEnvironment, 'cache' | 'ports' | 'making'>,
  key: string,
  request: CachedStepRequest,
): Promise<CachedStep> {
  const { making } = environment;
  for (let other = making.get(key); other !== undefined; other = making.get(key)) {
    const made = await other.catch(() => undefined);
    if (made === undefined) continue;
    if (made.layer === undefined || (await holdLayer(environment, made.layer, request.keep))) return made;
  }
  const own = remembered(environment, key, request).finally(() => making.delete(key));
  making.set(key, own);
  return await own;
}
