import { errorMessage } from '@gantry/base';
import type {
  Attachment,
  AttachRequest,
  EndpointInfo,
  EndpointRequest,
  InterfaceTraffic,
  NetworkController,
  NetworkCreateRequest,
  NetworkInfo,
  NetworkProblem,
} from './network-controller.ts';
import type { NetworkParts } from './network-parts.ts';
import type { LiveNetwork } from './networks/network-registry.ts';
import { checkEndpointWish } from './sandbox/endpoint-wish.ts';
import type { JoinedEndpoint } from './sandbox/gateways.ts';
import { checkSandboxes, removeOrphans } from './sandbox/orphans.ts';
import type { SandboxRecord } from './sandbox/sandbox-record.ts';

export interface ControllerParts extends NetworkParts {
  /** What was opened, to be closed. */
  opened: DisposableStack;
}

/** The networks of one host and their containers, composed of its parts. */
export class LocalNetworkController implements NetworkController, AsyncDisposable {
  readonly #parts: ControllerParts;
  #closed = false;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  async createNetwork(request: NetworkCreateRequest): Promise<NetworkInfo> {
    return this.#infoOf(await this.#parts.registry.create(request));
  }

  network(reference: string): NetworkInfo {
    return this.#infoOf(this.#parts.registry.find(reference));
  }

  networks(): NetworkInfo[] {
    return this.#parts.registry.all().map((network) => this.#infoOf(network));
  }

  async removeNetwork(reference: string): Promise<void> {
    await this.#parts.registry.remove(reference);
  }

  checkEndpoint(request: EndpointRequest): void {
    const name = request.network === 'default' ? 'bridge' : request.network;
    checkEndpointWish(request, this.#parts.registry.joinable(name).record);
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    return this.#attachmentOf(await this.#parts.sandboxes.attach(request));
  }

  attachment(containerId: string): Attachment | undefined {
    const record = this.#parts.sandboxes.records.get(containerId);
    return record && this.#attachmentOf(record);
  }

  async connect(containerId: string, endpoint: EndpointRequest): Promise<Attachment> {
    return this.#attachmentOf(await this.#parts.sandboxes.connect(containerId, endpoint));
  }

  async disconnect(containerId: string, networkReference: string): Promise<Attachment> {
    return this.#attachmentOf(await this.#parts.sandboxes.disconnect(containerId, networkReference));
  }

  rename(containerId: string, dnsNames: (networkId: string) => readonly string[]): void {
    this.#parts.sandboxes.rename(containerId, dnsNames);
  }

  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>> {
    return this.#parts.sandboxes.traffic();
  }

  async detach(containerId: string): Promise<void> {
    await this.#parts.sandboxes.detach(containerId);
  }

  async restore(containerIds: ReadonlySet<string>): Promise<void> {
    const { sandboxes, store } = this.#parts;
    const gone = [...sandboxes.records.keys()].filter((containerId) => !containerIds.has(containerId));
    await Promise.all(gone.map((containerId) => sandboxes.detach(containerId)));
    for (const record of sandboxes.records.values()) await sandboxes.restore(record);
    store.flush();
    await removeOrphans(this.#parts);
  }

  check(): NetworkProblem[] {
    return checkSandboxes(this.#parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { sandboxes, store, ports, firewall, registry, bridges, opened, logger } = this.#parts;
    const idle = sandboxes.records.size === 0;
    store.flush();
    ports.releaseAll();
    try {
      if (!idle) return;
      for (const { driver, record } of registry.all()) {
        const filter = driver?.filter(record);
        if (filter !== undefined) await bridges.goes(filter.bridge);
      }
      await firewall.remove();
    } catch (error) {
      logger.warn('the firewall rules stay behind', { error: errorMessage(error) });
    } finally {
      opened.dispose();
    }
  }

  #infoOf({ record, endpoints }: LiveNetwork): NetworkInfo {
    const { driverState: _state, order: _order, removing: _removing, ipam, ...shown } = record;
    const config = ipam.config.map(({ chosen: _chosen, ...each }) => each);
    const joined = [...endpoints].flatMap(([containerId, endpoint]) => {
      const isThere = this.#parts.sandboxes.records
        .get(containerId)
        ?.endpoints.some(({ endpointId }) => endpointId === endpoint.endpointId);
      return isThere === true ? [endpointInfo(containerId, record.name, endpoint)] : [];
    });
    return { ...shown, scope: 'local', ipam: { ...ipam, config }, endpoints: joined };
  }

  #attachmentOf(record: SandboxRecord): Attachment {
    const { sandboxes, kernel, names } = this.#parts;
    const { containerId, ports } = record;
    const ordered = sandboxes.ordered(record);
    const resolver = names.resolverOf(record, ordered);
    return {
      containerId,
      namespacePath: kernel.path(containerId),
      endpoints: ordered.map(({ endpoint, network }) =>
        endpointInfo(containerId, network.record.name, endpoint),
      ),
      ports,
      ...(resolver !== undefined && { resolver }),
    };
  }
}

function endpointInfo(
  containerId: string,
  networkName: string,
  endpoint: JoinedEndpoint['endpoint'],
): EndpointInfo {
  const { hostInterface: _hostInterface, links: _links, linkedTo: _linkedTo, ...rest } = endpoint;
  const { ipv4, ipv6, ...shown } = rest;
  return {
    containerId,
    networkName,
    ...shown,
    ...(ipv4 !== undefined && { ipv4: addressInfo(ipv4) }),
    ...(ipv6 !== undefined && { ipv6: addressInfo(ipv6) }),
  };
}

function addressInfo({
  byDevice: _byDevice,
  ...shown
}: NonNullable<JoinedEndpoint['endpoint']['ipv4']>): NonNullable<EndpointInfo['ipv4']> {
  return shown;
}
