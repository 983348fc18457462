import { faultPoint } from '@gantry/base';
import type { RootedTree } from '@gantry/kernel';
import { formatPlatform, type Platform, tarEnd } from '@gantry/oci';
import { packTree } from '@gantry/snapshots';
import type { FileSource } from '../build-client.ts';
import { mountLayers } from '../steps/layered-tree.ts';
import type { FilesOutput } from './build-output.ts';
import type { Export } from './export-outputs.ts';
import { besideEachOther, treeFiles } from './tree-files.ts';

/** Sends the files of what was built to the client. Throws what mounting and the client throw. */
export async function exportFiles(work: Export, output: FilesOutput): Promise<void> {
  const { environment, request, results, signal, tell } = work;
  const splits = output.platformSplit ?? results.length > 1;
  await using opened = new AsyncDisposableStack();
  const trees: PlacedTree[] = [];
  for (const { platform, state } of results) {
    const mounted = opened.use(await mountLayers(environment, state.layerIds));
    trees.push({ tree: opened.use(mounted.open()), directory: splits ? directoryName(platform) : '' });
  }
  tell(`sending files to the client (${output.type})`);
  if (output.type === 'tar') await request.client?.receiveArchive?.(output.id, packTrees(trees), { signal });
  else await request.client?.receiveDirectory?.(output.id, filesOf(trees), { signal });
  faultPoint('build-output/files-sent');
}

interface PlacedTree {
  readonly tree: RootedTree;
  /** Empty for the top. */
  readonly directory: string;
}

function filesOf(trees: readonly PlacedTree[]): FileSource {
  const [only] = trees;
  if (only !== undefined && trees.length === 1) return treeFiles(only.tree, only.directory);
  return besideEachOther(
    new Map(trees.map(({ tree, directory }) => [directory, treeFiles(tree, directory)])),
  );
}

async function* packTrees(trees: readonly PlacedTree[]): AsyncGenerator<Uint8Array> {
  for (const { tree, directory } of trees) {
    yield* packTree(tree, { at: [], open: true, ...(directory !== '' && { name: directory }) });
  }
  yield tarEnd;
}

function directoryName(platform: Platform): string {
  return formatPlatform(platform).replaceAll('/', '_');
}
