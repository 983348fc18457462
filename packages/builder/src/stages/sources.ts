import type { Written } from '@gantry/dockerfile';
import { SourceNotFoundError } from '../errors.ts';
import { layeredFiles } from '../sources/layered-files.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { digestOf } from '../steps/transfer-step.ts';
import { cleanSource, findSources, hasWildcard } from '../transfer/find-sources.ts';
import type { StageWork } from './stage-build.ts';

/** What `--from` names: a stage, an image, or the context when it is empty. */
export async function sourceFiles({ build }: StageWork, from: string): Promise<SourceFiles> {
  if (from === '') return build.context.files;
  const origin = build.names.source(from);
  if ('stage' in origin) return layeredFiles(build.environment, (await build.stage(origin.stage)).layerIds);
  if ('address' in origin) return await build.files(origin.address);
  if ('layout' in origin)
    return layeredFiles(build.environment, (await build.layout(origin.layout, build.platform)).layers);
  return layeredFiles(build.environment, await build.image(origin.image));
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
export async function contentOf({ build }: StageWork, files: SourceFiles, source: string): Promise<string> {
  return await build.environment.digests.of(['content', files.ids, source], async () => {
    await using opened = await files.open();
    const [found] = findSources(opened.tree, source);
    if (found === undefined) throw new SourceNotFoundError('RUN --mount', source);
    return await digestOf(
      opened.tree.pack({ at: found.at, name: 'source', adjust: () => ({ modifiedNs: 0n }) }),
    );
  });
}
