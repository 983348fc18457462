import type { Filters, Network, NetworkCreateRequest, NetworkCreateResponse } from '@gantry/api-types';
import type { EventHub } from '@gantry/containers';
import { type NetworkBackend, NotBuiltError } from '@gantry/http-api';
import type { NetworkController, NetworkInfo } from '@gantry/network';
import { filterNetworks } from './network-filters.ts';
import { type DefaultNetworkOptions, networkRequestOf } from './network-request.ts';
import { wireNetwork } from './wire-network.ts';

/** What networks ask of containers. */
export interface NetworkContainers {
  /** The container's name, or its id where there is no such container. */
  nameOf(containerId: string): string;
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

  connect(ref: string): Promise<void> {
    return Promise.reject(new NotBuiltError(`connecting to network ${ref}`));
  }

  disconnect(ref: string): Promise<void> {
    return Promise.reject(new NotBuiltError(`disconnecting from network ${ref}`));
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
