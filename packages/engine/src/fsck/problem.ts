/** Something on disk or in the kernel that does not fit the rest. */
export interface Problem {
  kind: 'container' | 'image' | 'volume' | 'network';
  /** Id, name or digest. */
  object: string;
  fact: string;
}
