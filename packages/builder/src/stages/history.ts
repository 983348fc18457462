import type { HistoryEntry } from '@gantry/oci';
import type { StageWork } from './stage-build.ts';

/** How the history of images says that a Dockerfile made them: tools that read images look for it. */
const historyComment = 'buildkit.dockerfile.v0';

/** Adds a line to the history of the image; `layer`: it belongs to the layer that was just added. */
export function remember({ state }: StageWork, createdBy: string, layer: boolean): void {
  const entry: HistoryEntry = {
    created: state.createdAt,
    created_by: createdBy,
    comment: historyComment,
    ...(!layer && { empty_layer: true }),
  };
  state.history.push(entry);
}
