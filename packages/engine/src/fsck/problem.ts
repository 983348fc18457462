/** Something on disk or in the kernel that does not fit the rest. */
export interface Problem {
  kind: 'container' | 'image' | 'volume' | 'network' | 'mount' | 'cgroup' | 'store';
  /** Id, name, digest or path. */
  object: string;
  fact: string;
}
