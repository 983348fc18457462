/** One frame of a multiplexed stream; with a terminal everything is `stdout`. `system` is an error told in-band. */
export interface OutputFrame {
  stream: 'stdout' | 'stderr' | 'system';
  data: Uint8Array;
}
