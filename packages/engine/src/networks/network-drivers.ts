import { knowsLinkKind, NetlinkSocket } from '@gantry/kernel';

/** Drivers that networks can be made with on this machine, as `docker info` lists them: a kernel may lack some kinds of links. */
export function networkDriverNames(): string[] {
  using socket = NetlinkSocket.open();
  const stacked = (['ipvlan', 'macvlan'] as const).filter((kind) => knowsLinkKind(socket, kind));
  return ['bridge', 'host', ...stacked, 'null'];
}
