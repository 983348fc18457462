import type { Written } from '@gantry/dockerfile';
import type { Digest } from '@gantry/oci';
import { packTree } from '@gantry/snapshots';
import { SourceNotFoundError } from '../errors.ts';
import { mountLayers } from '../steps/layered-tree.ts';
import { digestOf } from '../steps/transfer-step.ts';
import { cleanSource, findSources, hasWildcard } from '../transfer/find-sources.ts';
import type { StageWork } from './stage-build.ts';

/** Layers of what `--from` names: a stage, an image, or the context when it is empty. */
export async function sourceLayers({ build }: StageWork, from: string): Promise<readonly Digest[]> {
  if (from === '') return build.context.layers;
  const origin = build.names.source(from);
  if ('stage' in origin) return (await build.stage(origin.stage)).layerIds;
  if ('address' in origin) return await build.files(origin.address);
  if ('layout' in origin) return (await build.layout(origin.layout, build.platform)).layers;
  return await build.image(origin.image);
}

/** Reports on files of the context that `.dockerignore` leaves out. */
export function checkIgnored(
  { build }: StageWork,
  instruction: Written & { name: string },
  sources: readonly string[],
): void {
  for (const source of sources) {
    const path = cleanSource(source);
    if (path === '' || hasWildcard(path) || build.context.ignored?.matches(path) !== true) continue;
    const message = `Attempting to ${instruction.name} file ${JSON.stringify(source)} that is excluded by .dockerignore`;
    build.checks.report('CopyIgnoredFile', instruction, message);
  }
}

/** A digest of what lies at a place of a tree: names, kinds, owners, modes and contents, whatever the times. */
export async function contentOf(
  { build }: StageWork,
  layers: readonly Digest[],
  source: string,
): Promise<string> {
  return await build.environment.digests.of(['content', layers, source], async () => {
    await using tree = await mountLayers(build.environment, layers);
    using rooted = tree.open();
    const [found] = findSources(rooted, source);
    if (found === undefined) throw new SourceNotFoundError('RUN --mount', source);
    return await digestOf(packTree(rooted, { at: found.at, adjust: () => ({ modifiedNs: 0n }) }));
  });
}
