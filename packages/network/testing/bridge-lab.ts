import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { silentLogger } from '@gantry/base';
import {
  addAddress,
  addRoute,
  changeLink,
  createBridge,
  createNetworkNamespace,
  createVethPair,
  findLink,
  NetlinkSocket,
  removeLink,
  writeSysctl,
} from '@gantry/kernel';
import { Firewall } from '../src/firewall/firewall.ts';
import type { FirewallNetwork } from '../src/firewall/firewall-network.ts';
import { nftProgram } from '../src/firewall/nft.ts';
import { PortPublisher } from '../src/ports/port-publisher.ts';
import { NetworkHost, useAddressesAtOnce } from './network-host.ts';

/** A network of a lab: bridge `name`, gateways `10.<number>.0.1` and `fd00:<number>::1`. */
export interface LabNetwork extends FirewallNetwork {
  number: number;
}

/** A container of a lab. */
export interface LabContainer {
  namespacePath: string;
  ipv4: string;
  ipv6: string;
}

const table = 'gantry_lab';

/** A `NetworkHost` with bridges and containers of both families, made by hand, and the firewall and ports to be tried. */
export class BridgeLab extends NetworkHost {
  readonly socket: NetlinkSocket = NetlinkSocket.open();
  readonly netfilter: NetlinkSocket = NetlinkSocket.open('netfilter');
  readonly firewall: Firewall;
  readonly publisher: PortPublisher;
  readonly #bridges: string[] = [];

  constructor() {
    super();
    const nft = nftProgram(table);
    this.firewall = new Firewall({ table, nft, socket: this.netfilter, logger: silentLogger });
    this.publisher = new PortPublisher({
      firewall: this.firewall,
      netfilter: this.netfilter,
      logger: silentLogger,
    });
    writeSysctl(['net', 'ipv4', 'ip_forward'], '1');
    writeSysctl(['net', 'ipv6', 'conf', 'all', 'forwarding'], '1');
  }

  /** Makes the bridge `lab<number>` and tells the firewall of it. */
  async addNetwork(number: number, wishes: Partial<FirewallNetwork> = {}): Promise<LabNetwork> {
    const bridge = `lab${number}`;
    this.socket.request(createBridge({ name: bridge, macAddress: `02:42:00:00:00:0${number}` }));
    this.#bridges.push(bridge);
    const linkIndex = findLink(this.socket, bridge)?.index ?? 0;
    writeSysctl(['net', 'ipv4', 'conf', bridge, 'route_localnet'], '1');
    this.socket.request(
      addAddress({ linkIndex, address: `10.${number}.0.1`, prefixLength: 24 }),
      addAddress({ linkIndex, address: `fd00:${number}::1`, prefixLength: 64 }),
      changeLink(linkIndex, { up: true }),
    );
    const network: LabNetwork = {
      id: bridge,
      number,
      bridge,
      subnets: [`10.${number}.0.0/24`, `fd00:${number}::/64`],
      internal: false,
      icc: true,
      masquerade4: true,
      masquerade6: true,
      gatewayMode4: 'nat',
      gatewayMode6: 'nat',
      ...wishes,
    };
    await this.firewall.addNetwork(network);
    return network;
  }

  /** Makes a container with the address `10.<network>.0.<host>`. */
  addContainer({ bridge, number }: LabNetwork, host: number): LabContainer {
    const [ipv4, ipv6] = [`10.${number}.0.${host}`, `fd00:${number}::${host}`];
    const namespacePath = path.join(this.folder, `${bridge}-${host}`);
    using far = createNetworkNamespace(namespacePath, () => {
      useAddressesAtOnce();
      return NetlinkSocket.open();
    });
    const namespaceFd = openSync(namespacePath, 'r');
    const near = `${bridge}-${host}`;
    try {
      const masterIndex = findLink(this.socket, bridge)?.index ?? 0;
      this.socket.request(
        createVethPair({ name: near, masterIndex }, { name: 'eth0', namespaceFd }),
        changeLink(near, { hairpin: true }),
        changeLink(near, { up: true }),
      );
    } finally {
      closeSync(namespaceFd);
    }
    const linkIndex = findLink(far, 'eth0')?.index ?? 0;
    far.request(
      changeLink('lo', { up: true }),
      changeLink(linkIndex, { up: true }),
      addAddress({ linkIndex, address: ipv4, prefixLength: 24 }),
      addAddress({ linkIndex, address: ipv6, prefixLength: 64 }),
      addRoute({ gateway: `10.${number}.0.1` }),
      addRoute({ gateway: `fd00:${number}::1` }),
    );
    return { namespacePath, ipv4, ipv6 };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.firewall.remove();
    for (const bridge of this.#bridges) removeLink(this.socket, bridge);
    this.socket[Symbol.dispose]();
    this.netfilter[Symbol.dispose]();
    await super[Symbol.asyncDispose]();
  }
}
