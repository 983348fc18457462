/** One frame of a multiplexed stream; with a terminal everything is `stdout`. `system` is an error told in-band. */
export interface OutputFrame {
  stream: 'stdout' | 'stderr' | 'system';
  data: Uint8Array;
}

/**
 * Frames of one stream that lie in one buffer: frame i is its bytes from `bounds[2 * i]` up to `bounds[2 * i + 1]`. Millions
 * of short lines are passed on so, without an object for each. Who keeps one copies its bytes: the next use of the iterator that
 * gave it may overwrite them.
 */
export interface FrameRun {
  stream: 'stdout' | 'stderr';
  buffer: Buffer;
  bounds: readonly number[];
}

/** Each frame by itself, its data where they lie. */
export function singleFrames(frames: readonly (OutputFrame | FrameRun)[]): OutputFrame[] {
  return frames.flatMap((frame) => {
    if (!('bounds' in frame)) return [frame];
    const { stream, buffer, bounds } = frame;
    return bounds.flatMap((start, at) =>
      at % 2 === 0 ? [{ stream, data: buffer.subarray(start, bounds[at + 1]) }] : [],
    );
  });
}
