import { createHash } from 'node:crypto';
import {
  addAddress,
  changeLink,
  createVethPair,
  findLink,
  type NetlinkSocket,
  removeLink,
  writeSysctl,
} from '@gantry/kernel';

/** The two ends of the way back. */
export interface HandBackNames {
  near: string;
  far: string;
}

/** Of one link only; nothing is ever reached there. */
const nearAddress = { address: '169.254.77.1', prefixLength: 30 };
const farAddress = { address: '169.254.77.5', prefixLength: 32 };
/** Neighbours that do not exist: their hardware address is that of the link itself (`arp: false`). */
export const handBackGateways = { ipv4: '169.254.77.2', ipv6: 'fe80::1' } as const;
/** Both ends have it, so that the far one takes what the near one sends for itself. */
const macAddress = '02:42:67:62:61:63';
const largestMtu = 65_535;

/**
 * The way on which packets for published ports come back when the host's own input rules decide about them. The kernel
 * asks those rules only about packets that it is about to deliver on the host, and from there none goes on to a
 * container. So the first packet of a flow is not translated when it arrives; it passes input like any other, and when
 * everybody has let it through, a copy is sent into one end of this veth pair. It comes out of the other as if it had
 * just arrived, with its source, and is translated then. The rest of the flow never comes near.
 */
export class HandBack {
  readonly names: HandBackNames;
  readonly #socket: NetlinkSocket;

  /** `socket` is a route socket; who opened it closes it. Engines side by side have a pair each, named after their table. */
  constructor(socket: NetlinkSocket, table: string) {
    this.#socket = socket;
    const mark = createHash('sha256').update(table).digest('hex').slice(0, 8);
    this.names = { near: `gback0-${mark}`, far: `gback1-${mark}` };
  }

  /** Makes the pair, unless it is there. */
  ensure(): void {
    const { near, far } = this.names;
    if (findLink(this.#socket, far)?.up === true && findLink(this.#socket, near)?.up === true) return;
    removeLink(this.#socket, near);
    const common = { macAddress, mtu: largestMtu };
    this.#socket.request(
      createVethPair({ name: near, ...common }, { name: far, ...common }),
      changeLink(near, { arp: false }),
      changeLink(far, { arp: false }),
    );
    // Sources are anywhere but behind this link. Loose, and an address for it: with none the kernel looks no further.
    writeSysctl(['net', 'ipv4', 'conf', far, 'rp_filter'], '2');
    const [linkIndex = 0, farIndex = 0] = [near, far].map((name) => findLink(this.#socket, name)?.index);
    this.#socket.request(
      addAddress({ linkIndex, ...nearAddress }),
      addAddress({ linkIndex: farIndex, ...farAddress }),
      changeLink(far, { up: true }),
      changeLink(near, { up: true }),
    );
  }

  /** Idempotent. */
  remove(): void {
    removeLink(this.#socket, this.names.near);
  }
}
