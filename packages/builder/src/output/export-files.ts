import { faultPoint } from '@gantry/base';
import { inTotoStatement } from '@gantry/images';
import type { RootedTree } from '@gantry/kernel';
import { encodeTarHeader, formatPlatform, type Platform, tarEnd, tarPadding } from '@gantry/oci';
import { packTree } from '@gantry/snapshots';
import type { FileSource } from '../build-client.ts';
import { mountLayers } from '../steps/layered-tree.ts';
import type { FilesOutput } from './build-output.ts';
import type { Export } from './export-outputs.ts';
import type { PlatformResult } from './platform-image.ts';
import { besideEachOther, treeFiles } from './tree-files.ts';

/** Sends the files of what was built to the client. Throws what mounting and the client throw. */
export async function exportFiles(work: Export, output: FilesOutput): Promise<void> {
  const { environment, request, results, signal, tell } = work;
  const splits = output.platformSplit ?? results.length > 1;
  await using opened = new AsyncDisposableStack();
  const trees: PlacedTree[] = [];
  for (const result of results) {
    const mounted = opened.use(await mountLayers(environment, result.state.layerIds));
    trees.push({
      tree: opened.use(mounted.open()),
      directory: splits ? directoryName(result.platform) : '',
      added: await attestationFiles(work, output, result),
    });
  }
  tell(`sending files to the client (${output.type})`);
  if (output.type === 'tar') await request.client?.receiveArchive?.(output.id, packTrees(trees), { signal });
  else await request.client?.receiveDirectory?.(output.id, filesOf(trees), { signal });
  faultPoint('build-send/files-sent');
}

/** As in-toto statements, which here are about no image. */
async function attestationFiles(
  { attestations }: Export,
  { attestationPrefix }: FilesOutput,
  result: PlatformResult,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = (await attestations(result)).filter(({ inlineOnly }) => !inlineOnly);
  return new Map(
    wanted.map((attestation) => {
      const text = JSON.stringify(inTotoStatement(attestation, []), undefined, 2);
      return [attestationPrefix + attestation.file, Buffer.from(text)];
    }),
  );
}

interface PlacedTree {
  readonly tree: RootedTree;
  /** Files at its top that are not in it. */
  readonly added: ReadonlyMap<string, Uint8Array>;
  /** Empty for the top. */
  readonly directory: string;
}

function filesOf(trees: readonly PlacedTree[]): FileSource {
  const [only] = trees;
  if (only !== undefined && trees.length === 1) return treeFiles(only.tree, only);
  return besideEachOther(
    new Map(trees.map(({ tree, directory, added }) => [directory, treeFiles(tree, { directory, added })])),
  );
}

async function* packTrees(trees: readonly PlacedTree[]): AsyncGenerator<Uint8Array> {
  for (const { tree, directory, added } of trees) {
    const name = directory === '' ? {} : { name: directory };
    yield* packTree(tree, { at: [], holes: 'filled', open: true, ...name });
    for (const [name, bytes] of added) {
      const place = directory === '' ? name : `${directory}/${name}`;
      yield encodeTarHeader({ type: 'file', name: Buffer.from(place), sizeBytes: bytes.length });
      yield bytes;
      yield tarPadding(bytes.length);
    }
  }
  yield tarEnd;
}

function directoryName(platform: Platform): string {
  return formatPlatform(platform).replaceAll('/', '_');
}
