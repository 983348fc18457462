import { findContainerUser } from '@gantry/containers';
import type { ConfigInstruction } from '@gantry/images';
import { encodeTarHeader, tarEnd } from '@gantry/oci';
import { InvalidBuildError } from '../errors.ts';
import { cachedStep } from '../steps/cached-step.ts';
import { mountLayers } from '../steps/layered-tree.ts';
import { storeLayer } from '../steps/layers.ts';
import { Destination } from '../transfer/destination.ts';
import { withAncestors } from '../transfer/plan-transfer.ts';
import { remember } from './history.ts';
import type { StageWork } from './stage-build.ts';

/**
 * Makes the directory of a WORKDIR where it is missing: of the user of USER, with mode 0755. Nothing is done where it is there. Throws
 * `InvalidBuildError` where something else is.
 */
export async function makeWorkingDirectory(
  work: StageWork,
  instruction: Extract<ConfigInstruction, { name: 'WORKDIR' }>,
): Promise<void> {
  const { build, state } = work;
  const { environment, keep, signal } = build;
  const directory = state.draft.config.WorkingDir ?? '/';
  const step = await cachedStep(environment, {
    inputs: ['workdir', state.layerIds, directory, state.draft.config.User ?? ''],
    description: instruction.source,
    noCache: false,
    keep,
    make: async () => {
      await using below = await mountLayers(environment, state.layerIds);
      using tree = below.open();
      const destination = new Destination(tree);
      const places = withAncestors([destination.resolve(directory)]);
      const stats = places.map((place) => destination.stat(place));
      if (stats.some((stat) => stat !== undefined && stat.kind !== 'directory'))
        throw new InvalidBuildError(`mkdir ${directory}: not a directory`);
      if (!stats.includes(undefined)) return undefined;
      const owner = findContainerUser(below.root, state.draft.config.User ?? '', []).user;
      const headers = places.map((place) => {
        const there = destination.existingDirectory(place, 'directory');
        const { mode, uid, gid, modifiedNs } = there ?? {
          mode: 0o755,
          uid: owner.uid,
          gid: owner.gid,
          modifiedNs: environment.clock.nowNs(),
        };
        const name = Buffer.from(place.join('/'), 'latin1');
        return encodeTarHeader({ type: 'directory', name, mode, uid, gid, mtimeNs: modifiedNs });
      });
      return await storeLayer(environment, chunks([...headers, tarEnd]), { keep, signal });
    },
  });
  if (step.cached) work.step?.cached();
  state.add(step);
  remember(work, `WORKDIR ${directory}`, step.layer !== undefined);
}

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
