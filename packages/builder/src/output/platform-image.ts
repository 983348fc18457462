import type { Attestation, PlatformImage } from '@gantry/images';
import type { HistoryEntry, Platform } from '@gantry/oci';
import type { StageState } from '../stages/stage-state.ts';

/** What a build made for one platform. */
export interface PlatformResult {
  readonly platform: Platform;
  readonly state: StageState;
}

export interface PlatformImageOptions {
  readonly labels: ReadonlyMap<string, string>;
  /** Seconds since the epoch: nothing in the image says a later time. */
  readonly latestTime: number | undefined;
  readonly attestations: readonly Attestation[];
  /** Records of its steps, for its config. */
  readonly inlineCache: string | undefined;
}

/** The image that a stage is, with the labels that the request asks for. */
export function platformImage(
  { state }: PlatformResult,
  { labels: wanted, latestTime, attestations, inlineCache }: PlatformImageOptions,
): PlatformImage {
  const { parent, layers, history, author, draft } = state;
  const labels = { ...draft.config.Labels, ...Object.fromEntries(wanted) };
  const latest = latestTime === undefined ? undefined : new Date(latestTime * 1000);
  const whole = parent === undefined ? fromFirstLayer(history) : history;
  return {
    ...(parent && {
      parent: {
        id: parent.id,
        manifestDigest: parent.manifestDigest,
        layers: parent.layers,
        ...(parent.target && { target: parent.target }),
      },
    }),
    layers,
    platform: state.platform,
    config: { ...draft.config, ...(Object.keys(labels).length > 0 && { Labels: labels }) },
    author,
    created: latest ?? new Date(state.createdAt),
    history: latest === undefined ? whole : whole.map((entry) => notAfter(entry, latest)),
    attestations,
    ...(inlineCache !== undefined && { inlineCache }),
  };
}

/** Without an image below, what comes before the first layer is as old as that: the same build gives the same image. */
function fromFirstLayer(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const first = history.findIndex((entry) => entry.empty_layer !== true);
  const { created } = history[first] ?? {};
  if (created === undefined) return history;
  return history.map((entry, index) => (index < first ? { ...entry, created } : entry));
}

function notAfter(entry: HistoryEntry, latest: Date): HistoryEntry {
  const isEarlier = entry.created !== undefined && new Date(entry.created) <= latest;
  return isEarlier ? entry : { ...entry, created: latest.toISOString() };
}
