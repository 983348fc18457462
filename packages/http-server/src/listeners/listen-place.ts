/** Where a server listens. */
export type ListenPlace =
  /** A socket file: mode 0660, owner root, and `groupId` if given. */
  | { kind: 'unix'; path: string; groupId?: number }
  /** A listening socket that somebody else made (systemd). Closing leaves it to its maker. */
  | { kind: 'fd'; fd: number }
  /** Port 0 picks a free one. */
  | { kind: 'tcp'; host: string; port: number };

/** Where a listener is bound: the path, or the port that was picked. */
export interface BoundAddress {
  path?: string;
  host?: string;
  port?: number;
}
