import { isIPv6 } from 'node:net';
import { TcpRelay } from './tcp-relay.ts';
import { UdpRelay } from './udp-relay.ts';

/** Where a container listens. */
export interface RelayTarget {
  address: string;
  port: number;
}

/** A host port that this process serves, because the kernel cannot translate its packets. Disposing gives the port back. */
export interface PortRelay extends Disposable {
  /** Connections are refused while there is none. */
  target: RelayTarget | undefined;
}

export interface RelaySocket {
  protocol: 'tcp' | 'udp';
  hostAddress: string;
  /** Bound; the relay takes it over. */
  descriptor: number;
}

/** Serves a bound socket. `onFailure` learns when it cannot. */
export function openRelay(socket: RelaySocket, onFailure: (error: Error) => void): PortRelay {
  const { protocol, hostAddress, descriptor } = socket;
  if (protocol === 'tcp') return new TcpRelay(descriptor, onFailure);
  return new UdpRelay({ type: isIPv6(hostAddress) ? 'udp6' : 'udp4', descriptor }, onFailure);
}
