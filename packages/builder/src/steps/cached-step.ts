import { faultPoint } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildCache, type StepInputs } from '../cache/build-cache.ts';
import { holdLayer, type Keep } from './layers.ts';

export interface CachedStepRequest {
  inputs: StepInputs;
  /** The instruction, for people. */
  description: string;
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
  environment: Pick<BuilderEnvironment, 'cache' | 'ports'>,
  { inputs, description, noCache, keep, make }: CachedStepRequest,
): Promise<StepResult> {
  const { cache } = environment;
  const key = BuildCache.key(inputs);
  const found = noCache ? undefined : cache.find(key);
  if (found !== undefined && (found.layer === undefined || (await holdLayer(environment, found.layer, keep))))
    return { layer: found.layer, cached: true, createdAt: found.createdAt };
  const layer = await make();
  const { createdAt } = cache.put(key, { ...(layer && { layer }), description });
  faultPoint('build/step-remembered');
  return { layer, cached: false, createdAt };
}
