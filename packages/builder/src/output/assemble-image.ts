import type { Digest, HistoryEntry } from '@gantry/oci';
import type { BuildRequest } from '../build-request.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import type { StageState } from '../stages/stage-state.ts';

/** Makes the image of a stage, with the labels and names that the request asks for. Throws what assembling throws. */
export async function assembleImage(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  state: StageState,
  request: BuildRequest,
): Promise<Digest> {
  const { parent, layers, history, author, draft } = state;
  const labels = { ...draft.config.Labels, ...Object.fromEntries(request.labels) };
  return await ports.images.assemble({
    ...(parent && {
      parent: { id: parent.id, manifestDigest: parent.manifestDigest, layers: parent.layers },
    }),
    layers,
    platform: parent?.platform ?? request.platform,
    config: { ...draft.config, ...(Object.keys(labels).length > 0 && { Labels: labels }) },
    author,
    created: new Date(state.createdAt),
    history: parent === undefined ? fromFirstLayer(history) : history,
    references: request.references,
    signal: request.signal,
  });
}

/** Without an image below, what comes before the first layer is as old as that: the same build gives the same image. */
function fromFirstLayer(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const first = history.findIndex((entry) => entry.empty_layer !== true);
  const { created } = history[first] ?? {};
  if (created === undefined) return history;
  return history.map((entry, index) => (index < first ? { ...entry, created } : entry));
}
