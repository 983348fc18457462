import type { Stage } from '@gantry/dockerfile';
import type { ReceivedImage } from '@gantry/images';
import { type Digest, formatPlatform } from '@gantry/oci';
import { openNamedFiles } from '../context/named-context.ts';
import type { BuildProgress, StageProgress } from '../progress/build-progress.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { buildStage, resolveImage, wholeName } from './build-stage.ts';
import { receiveLayout } from './receive-layout.ts';
import type { Build } from './stage-build.ts';
import type { StageState } from './stage-state.ts';

export interface StagesRequest {
  /** Everything that is needed, in the order of the file. */
  stages: readonly Stage[];
  target: Stage;
  progress: BuildProgress;
}

/**
 * Builds stages side by side, each once; one that needs another waits for it. The first failure ends the others, and is thrown once
 * they are gone.
 */
export async function buildStages(
  common: Omit<Build, 'stage' | 'image' | 'layout' | 'files' | 'signal'>,
  { stages, target, progress }: StagesRequest,
): Promise<StageState> {
  const failure = new AbortController();
  const signal = AbortSignal.any([common.request.signal, failure.signal]);
  const results = new Map<Stage, Promise<StageState>>();
  const images = new Map<string, Promise<readonly Digest[]>>();
  const layouts = new Map<string, Promise<ReceivedImage>>();
  const files = new Map<string, Promise<SourceFiles>>();
  const spoken = new Map(stages.map((stage) => [stage, progress.addStage()]));
  const build: Build = {
    ...common,
    signal,
    stage: (stage) => once(results, stage, () => attempt(stage, spoken.get(stage))),
    image: (reference) =>
      once(images, reference, async () => {
        const step = progress.internal(`load metadata for ${wholeName(reference)}`);
        const find = () => resolveImage({ ...common, signal }, reference, common.platform);
        return (await step.do(find)).layers;
      }),
    layout: (layout, platform) =>
      once(layouts, `${layout.digest} ${formatPlatform(platform)}`, () =>
        receiveLayout({ ...common, signal }, layout, platform),
      ),
    files: (address) =>
      once(files, address, () =>
        openNamedFiles(common.environment, address, {
          keep: common.keep,
          opened: common.opened,
          signal,
          client: common.request.client,
        }),
      ),
  };
  const attempt = async (stage: Stage, own: StageProgress | undefined): Promise<StageState> => {
    const said = own ?? progress.addStage();
    try {
      const state = await buildStage(build, stage, said);
      said.end('done');
      return state;
    } catch (error) {
      // The first failure is the one to be told; those of stages that waited for it are its echo.
      if (!failure.signal.aborted) said.end('failed');
      failure.abort(error);
      throw error;
    }
  };
  await Promise.allSettled(stages.map((stage) => build.stage(stage)));
  common.request.signal.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
  return await build.stage(target);
}

function once<K, V>(made: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const existing = made.get(key) ?? make();
  made.set(key, existing);
  return existing;
}
