import path from 'node:path';
import { type Clock, EngineError, errorMessage, type Logger } from '@gantry/base';
import { deleteLink, findLink, isNamespacePinned, listLinks, NetlinkSocket } from '@gantry/kernel';
import type { MetadataStore } from '@gantry/state';
import { type BridgePlan, ensureBridge, planBridge } from './bridge/bridge-device.ts';
import { BridgeNetwork } from './bridge/bridge-network.ts';
import { type EndpointRecord } from './bridge/endpoint.ts';
import { PredefinedNetworks } from './bridge/predefined-networks.ts';
import {
  AmbiguousNetworkError,
  BridgeConfigurationError,
  NetworkNotAttachableError,
  NetworkNotFoundError,
  PredefinedNetworkError,
} from './errors.ts';
import { Firewall } from './firewall/firewall.ts';
import type { FirewallNetwork } from './firewall/firewall-network.ts';
import { ForeignForwarding } from './firewall/foreign-forwarding.ts';
import { nftProgram } from './firewall/nft.ts';
import { formatIPv4, formatSubnet } from './ipam/subnet.ts';
import type {
  Attachment,
  AttachRequest,
  EndpointRequest,
  InterfaceTraffic,
  NetworkController,
  NetworkCreateRequest,
  NetworkInfo,
  NetworkProblem,
} from './network-controller.ts';
import { PortPublisher } from './ports/port-publisher.ts';

export interface NetworkControllerOptions {
  store: MetadataStore;
  /** Namespaces are pinned in `netns` below it. It does not survive a reboot, and need not. */
  execRoot: string;
  /** Interface of the default bridge, `gantry0` when missing; made when it does not exist. `none`: there is no bridge network. */
  bridge?: string;
  /** Address of the bridge with its prefix, as dockerd's `--bip`. Missing: the first of Docker's default pools that is free. */
  bip?: string;
  /** Name of our nft table (family `inet`); one engine each. `gantry_` and the bridge's name when missing. */
  nftTable?: string;
  /** Whether to put accepts for the bridge into other people's forward chains that would drop its packets. `accept` when missing. */
  foreignForwarding?: 'accept' | 'leave';
  logger: Logger;
  clock: Clock;
}

/**
 * Opens the networks of this host: makes the bridge, its address and the nft table, turns IPv4 forwarding on as Docker
 * does, and takes over the endpoints of an earlier engine; call `restore` next. Closing leaves everything that a
 * container needs; without containers it takes the nft table and the marked accepts away. Throws
 * `BridgeConfigurationError`, `NoSubnetLeftError`, `FirewallError`.
 */
export async function openNetworkController(
  options: NetworkControllerOptions,
): Promise<NetworkController & AsyncDisposable> {
  const networks = new PredefinedNetworks(options.store, options.clock);
  const name = options.bridge ?? 'gantry0';
  if (name === 'none') return new LocalNetworkController(networks, undefined);
  const logger = options.logger.child({ component: 'network' });
  const table = options.nftTable ?? `gantry_${name.replaceAll(/\W/g, '_')}`;
  if (!/^[A-Za-z]\w{0,63}$/.test(table))
    throw new BridgeConfigurationError(name, `invalid nft table name ${table}`);
  using onFailure = new DisposableStack();
  const socket = onFailure.use(NetlinkSocket.open());
  // What they describe is in the kernel, and a power cut ends it.
  const endpoints = options.store.collection<EndpointRecord>('network-endpoints', {
    version: 1,
    lasts: 'boot',
  });
  const namespaces = path.join(options.execRoot, 'netns');
  const { bridgeAddress, id: networkId } = networks.get('bridge');
  const plan = planBridge(socket, {
    name,
    ...(options.bip === undefined ? {} : { bip: options.bip }),
    ...(bridgeAddress === undefined ? {} : { earlier: bridgeAddress }),
  });
  assertNotShared(socket, name, networkId, namespaces);
  assertNobodyLeftOut(
    plan,
    endpoints.entries().map((entry) => entry.document),
    namespaces,
  );
  const index = ensureBridge(socket, plan);
  networks.rememberBridgeAddress(`${formatIPv4(plan.gateway)}/${plan.subnet.prefixLength}`);
  const nft = nftProgram(table);
  const netfilter = onFailure.use(NetlinkSocket.open('netfilter'));
  const firewall = new Firewall({ table, nft, socket: netfilter, logger });
  const link = { socket, name, index };
  const bridge = new BridgeNetwork({
    store: options.store,
    networkId,
    plan,
    link,
    endpoints,
    publisher: new PortPublisher({ firewall, netfilter, logger }),
    namespaces,
    logger,
  });
  await firewall.reset([defaultNetwork(networkId, plan)], bridge.rules());
  const foreign = new ForeignForwarding(nft, { bridge: name, table, logger });
  if (options.foreignForwarding !== 'leave') await foreign.accept();
  const sockets = onFailure.move();
  return new LocalNetworkController(networks, { bridge, plan, firewall, foreign, sockets, logger });
}

interface BridgeParts {
  bridge: BridgeNetwork;
  plan: BridgePlan;
  firewall: Firewall;
  foreign: ForeignForwarding;
  sockets: DisposableStack;
  logger: Logger;
}

/** The predefined networks of one host; without `parts`, only `host` and `none`. */
class LocalNetworkController implements NetworkController, AsyncDisposable {
  readonly #networks: PredefinedNetworks;
  readonly #parts: BridgeParts | undefined;
  #closed = false;

  constructor(networks: PredefinedNetworks, parts: BridgeParts | undefined) {
    this.#networks = networks;
    this.#parts = parts;
  }

  createNetwork({ name }: NetworkCreateRequest): Promise<NetworkInfo> {
    return Promise.reject(notBuilt(`creating network ${name}`));
  }

  network(reference: string): NetworkInfo {
    const all = this.networks();
    const exact = all.find(({ id, name }) => name === reference || id === reference);
    if (exact !== undefined) return exact;
    const [found, another] = reference === '' ? [] : all.filter(({ id }) => id.startsWith(reference));
    if (found === undefined) throw new NetworkNotFoundError(reference);
    if (another !== undefined) throw new AmbiguousNetworkError(reference);
    return found;
  }

  removeNetwork(reference: string): Promise<void> {
    return Promise.try(() => {
      throw new PredefinedNetworkError(this.network(reference).name);
    });
  }

  checkEndpoint({ network }: EndpointRequest): void {
    this.network(network);
  }

  connect(_containerId: string, { network }: EndpointRequest): Promise<Attachment> {
    return Promise.reject(notBuilt(`connecting to network ${network}`));
  }

  disconnect(_containerId: string, networkReference: string): Promise<Attachment> {
    return Promise.reject(notBuilt(`disconnecting from network ${networkReference}`));
  }

  rename(): void {}

  check(): NetworkProblem[] {
    return [];
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    const [endpoint, another] = request.endpoints;
    if (endpoint === undefined || another !== undefined || this.#parts === undefined) {
      throw notBuilt(`attaching to ${request.endpoints.length} networks`);
    }
    const { driver, name } = this.network(endpoint.network === 'default' ? 'bridge' : endpoint.network);
    if (driver !== 'bridge') throw new NetworkNotAttachableError(name);
    return await this.#parts.bridge.attach(request, endpoint);
  }

  attachment(containerId: string): Attachment | undefined {
    return this.#parts?.bridge.attachment(containerId);
  }

  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>> {
    return this.#parts?.bridge.traffic() ?? new Map();
  }

  async detach(containerId: string): Promise<void> {
    await this.#parts?.bridge.detach(containerId);
  }

  async restore(containerIds: ReadonlySet<string>): Promise<void> {
    await this.#parts?.bridge.restore(containerIds);
  }

  networks(): NetworkInfo[] {
    const plain = (name: 'host' | 'none', driver: 'host' | 'null'): NetworkInfo => {
      const { id, createdAt } = this.#networks.get(name);
      return { ...plainNetwork, id, name, driver, createdAt };
    };
    const others = [plain('host', 'host'), plain('none', 'null')];
    return this.#parts === undefined ? others : [this.#bridgeInfo(this.#parts), ...others];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed || this.#parts === undefined) return;
    this.#closed = true;
    const { bridge, firewall, foreign, sockets, logger } = this.#parts;
    const idle = bridge.attachments().length === 0;
    bridge.close();
    sockets.dispose();
    if (!idle) return;
    try {
      await foreign.withdraw();
      await firewall.remove();
    } catch (error) {
      logger.warn('the firewall rules stay behind', { error: errorMessage(error) });
    }
  }

  #bridgeInfo({ bridge, plan }: BridgeParts): NetworkInfo {
    const { id, createdAt } = this.#networks.get('bridge');
    return {
      ...plainNetwork,
      id,
      name: 'bridge',
      driver: 'bridge',
      createdAt,
      ipam: {
        ...plainNetwork.ipam,
        config: [{ subnet: formatSubnet(plan.subnet), gateway: formatIPv4(plan.gateway) }],
      },
      options: {
        'com.docker.network.bridge.default_bridge': 'true',
        'com.docker.network.bridge.enable_icc': 'true',
        'com.docker.network.bridge.enable_ip_masquerade': 'true',
        'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
        'com.docker.network.bridge.name': plan.name,
        'com.docker.network.driver.mtu': '1500',
      },
      endpoints: bridge.attachments().flatMap(({ endpoints }) => endpoints),
    };
  }
}

const plainNetwork = {
  scope: 'local',
  internal: false,
  attachable: false,
  ingress: false,
  configOnly: false,
  ipv4: true,
  ipv6: false,
  ipam: { driver: 'default', options: {}, config: [] },
  options: {},
  labels: {},
  endpoints: [],
} as const;

function notBuilt(what: string): EngineError {
  return new EngineError('not-implemented', 'network-not-built', `${what} is not implemented`);
}

function defaultNetwork(id: string, { name, subnet }: BridgePlan): FirewallNetwork {
  return {
    id,
    bridge: name,
    subnets: [formatSubnet(subnet)],
    internal: false,
    icc: true,
    masquerade4: true,
    masquerade6: false,
    gatewayMode4: 'nat',
    gatewayMode6: 'nat',
  };
}

/**
 * Two engines on one bridge would give out the same addresses. An interface whose container has its namespace pinned in
 * our folder is no other engine's: the store that knew it was lost, and it goes.
 */
function assertNotShared(socket: NetlinkSocket, name: string, networkId: string, namespaces: string): void {
  const bridge = findLink(socket, name);
  if (bridge === undefined) return;
  for (const link of listLinks(socket)) {
    const [mark, network, containerId = ''] = link.alias.split(':');
    if (link.masterIndex !== bridge.index || mark !== 'gantry' || network === networkId) continue;
    if (!isNamespacePinned(path.join(namespaces, path.basename(containerId)))) {
      throw new BridgeConfigurationError(
        name,
        `containers of another engine are on it (${link.name}): choose another bridge with --bridge, or remove it with 'ip link delete ${name}' if that engine is gone`,
      );
    }
    socket.request(deleteLink(link.name));
  }
}

/** Containers outlive the engine, and with them their addresses. */
function assertNobodyLeftOut(plan: BridgePlan, records: readonly EndpointRecord[], namespaces: string): void {
  const gateway = formatIPv4(plan.gateway);
  const stranded = records.filter(
    (record) =>
      (record.gateway !== gateway || record.prefixLength !== plan.subnet.prefixLength) &&
      isNamespacePinned(path.join(namespaces, record.containerId)),
  );
  const [first] = stranded;
  if (first === undefined) return;
  throw new BridgeConfigurationError(
    plan.name,
    `its address cannot become ${gateway}/${plan.subnet.prefixLength} while ${stranded.length} running containers use ${first.gateway}/${first.prefixLength}`,
  );
}
