import type {
  EndpointSettings,
  Filters,
  Network,
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
} from '@gantry/api-types';
import type { EventHub } from '@gantry/containers';
import type { NetworkBackend } from '@gantry/http-api';
import type { NetworkController, NetworkInfo } from '@gantry/network';
import { filterNetworks } from './network-filters.ts';
import { type DefaultNetworkOptions, networkRequestOf } from './network-request.ts';
import { wireNetwork } from './wire-network.ts';

/** What networks ask of containers. */
export interface NetworkContainers {
  /** The container's name, or its id where there is no such container. */
  nameOf(containerId: string): string;
  connectNetwork(ref: string, network: string, settings: EndpointSettings): Promise<void>;
  disconnectNetwork(ref: string, network: string, options: { force: boolean }): Promise<void>;
}

export interface NetworkServiceParts {
  controller: NetworkController;
  containers: NetworkContainers;
  events: EventHub;
  defaultOptions: DefaultNetworkOptions;
}

/** The network controller in the Engine API's words, with Docker's events. */
export class NetworkService implements NetworkBackend {
  readonly #parts: NetworkServiceParts;

  constructor(parts: NetworkServiceParts) {
    this.#parts = parts;
  }

  list(filters: Filters): Promise<Network[]> {
    return Promise.try(() => {
      const networks = this.#parts.controller.networks().map((network) => this.#wire(network));
      return filterNetworks(networks, filters);
    });
  }

  inspect(ref: string): Promise<Network> {
    return Promise.try(() => this.#wire(this.#parts.controller.network(ref)));
  }

  async create(request: NetworkCreateRequest): Promise<NetworkCreateResponse> {
    const { controller, defaultOptions } = this.#parts;
    const network = await controller.createNetwork(networkRequestOf(request, defaultOptions));
    this.#tell(network, 'create');
    return { Id: network.id, Warning: '' };
  }

  async remove(ref: string): Promise<void> {
    const { controller } = this.#parts;
    const network = controller.network(ref);
    await controller.removeNetwork(network.id);
    if (!network.configOnly) this.#tell(network, 'destroy');
  }

  async connect(ref: string, request: NetworkConnectRequest): Promise<void> {
    const { Container: container = '', EndpointConfig: settings = {} } = request;
    await this.#parts.containers.connectNetwork(container, ref, settings);
  }

  async disconnect(ref: string, request: NetworkDisconnectRequest): Promise<void> {
    const { Container: container = '', Force: force = false } = request;
    await this.#parts.containers.disconnectNetwork(container, ref, { force });
  }

  #wire(network: NetworkInfo): Network {
    return wireNetwork(network, (id) => this.#parts.containers.nameOf(id));
  }

  #tell({ id, name, driver }: NetworkInfo, action: 'create' | 'destroy'): void {
    this.#parts.events.publish({
      type: 'network',
      action,
      actorId: id,
      attributes: { name, type: driver },
    });
  }
}
