import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { silentLogger, systemClock } from '@gantry/base';
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
import { bridgeGroups } from '../src/firewall/bridge-groups.ts';
import { Firewall } from '../src/firewall/firewall.ts';
import type { FirewallNetwork } from '../src/firewall/firewall-network.ts';
import { ForeignForwarding } from '../src/firewall/foreign-forwarding.ts';
import { HandBack } from '../src/firewall/hand-back.ts';
import { type Nft, nftProgram } from '../src/firewall/nft.ts';
import type { PublishPolicy } from '../src/firewall/port-rules.ts';
import { RuleWatch } from '../src/firewall/rule-watch.ts';
import type { PacketMark } from '../src/firewall/table-script.ts';
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
  readonly networks: LabNetwork[] = [];
  /** How many scripts nft has been given. */
  scripts = 0;
  readonly #nft: Nft;
  readonly handBack: HandBack | undefined;

  /** `host`: the host's own input rules decide about published ports. */
  constructor(policy: PublishPolicy = 'open') {
    super();
    const nft = nftProgram(table);
    this.#nft = {
      ...nft,
      apply: (script) => {
        this.scripts += 1;
        return nft.apply(script);
      },
    };
    this.handBack = policy === 'host' ? new HandBack(this.socket, table) : undefined;
    this.firewall = this.openFirewall();
    this.publisher = new PortPublisher({
      firewall: this.firewall,
      netfilter: this.netfilter,
      logger: silentLogger,
    });
    writeSysctl(['net', 'ipv4', 'ip_forward'], '1');
    writeSysctl(['net', 'ipv6', 'conf', 'all', 'forwarding'], '1');
  }

  /** A firewall on the table of this lab, as another engine has it that starts again. */
  openFirewall(more: { directRouting?: boolean; acceptMark?: PacketMark } = {}): Firewall {
    return new Firewall({
      table,
      nft: this.#nft,
      socket: this.netfilter,
      logger: silentLogger,
      ...(this.handBack && { handBack: this.handBack }),
      ...more,
    });
  }

  /** Puts back what others take away, and accepts in their chains for the bridges of now. */
  async watch(): Promise<RuleWatch> {
    const logger = silentLogger;
    const forwarding = new ForeignForwarding(this.netfilter, { table, logger });
    await forwarding.accept(this.networks.map(({ bridge }) => bridge));
    const { firewall, netfilter: socket } = this;
    return new RuleWatch({ firewall, forwarding, nft: this.#nft, socket, clock: systemClock, logger });
  }

  /** The table in nft's words. */
  table(): string {
    return execFileSync('nft', ['list', 'table', 'inet', table]).toString();
  }

  /** Makes the bridge `lab<number>` and tells the firewall of it. */
  async addNetwork(number: number, wishes: Partial<FirewallNetwork> = {}): Promise<LabNetwork> {
    const bridge = `lab${number}`;
    const group = wishes.internal === true ? bridgeGroups.internal : bridgeGroups.open;
    this.socket.request(createBridge({ name: bridge, macAddress: `02:42:00:00:00:0${number}`, group }));
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
    this.networks.push(network);
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
    await this.#nft.apply(`add table inet ${table}\ndelete table inet ${table}\n`);
    for (const { bridge } of this.networks) removeLink(this.socket, bridge);
    this.socket[Symbol.dispose]();
    this.netfilter[Symbol.dispose]();
    await super[Symbol.asyncDispose]();
  }
}
