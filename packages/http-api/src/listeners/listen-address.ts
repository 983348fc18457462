/** Where a server listens. */
export type ListenAddress = UnixAddress | FileDescriptorAddress | TcpAddress;

/** A socket file: mode 0660, owner root, and `groupId` if given. */
export interface UnixAddress {
  kind: 'unix';
  path: string;
  groupId?: number;
}

/** A listening socket that somebody else made (systemd); a TCP one needs what TCP needs. Closing leaves it to its maker. */
export interface FileDescriptorAddress {
  kind: 'fd';
  fd: number;
  tls?: TlsIdentity;
  allowUnauthenticated?: boolean;
}

export interface TcpAddress {
  kind: 'tcp';
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** Mutual TLS: without it nobody is told apart and everybody is root. */
  tls?: TlsIdentity;
  /** The second, explicit word without which plain TCP is refused. */
  allowUnauthenticated?: boolean;
}

/** PEM texts. */
export interface TlsIdentity {
  /** Clients must show a certificate that this authority signed. */
  ca: string;
  cert: string;
  key: string;
}
