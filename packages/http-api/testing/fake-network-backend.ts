import type {
  Filters,
  Network,
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
} from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type { NetworkBackend } from '../src/index.ts';
import { someTime } from './fake-container.ts';

/** Networks in memory, `bridge` from the beginning; each change is remembered as it was asked for. */
export class FakeNetworkBackend implements NetworkBackend {
  readonly connects: NetworkConnectRequest[] = [];
  readonly disconnects: NetworkDisconnectRequest[] = [];
  readonly creates: NetworkCreateRequest[] = [];
  readonly #networks = new Map<string, Network>();
  #made = 0;

  constructor() {
    this.#add({ Name: 'bridge', EnableIPv4: true });
  }

  async list(filters: Filters): Promise<Network[]> {
    const names = filters.get('name');
    return [...this.#networks.values()].filter(({ Name = '' }) => names?.includes(Name) ?? true);
  }

  async inspect(ref: string): Promise<Network> {
    const found = [...this.#networks.values()].find(({ Name, Id }) => Name === ref || Id === ref);
    if (found === undefined) {
      throw new EngineError('not-found', 'network-not-found', `network ${ref} not found`);
    }
    return found;
  }

  async create(request: NetworkCreateRequest): Promise<NetworkCreateResponse> {
    if (this.#networks.has(request.Name)) {
      const text = `network with name ${request.Name} already exists`;
      throw new EngineError('conflict', 'network-name-taken', text);
    }
    this.creates.push(request);
    return { Id: this.#add(request).Id ?? '', Warning: '' };
  }

  async remove(ref: string): Promise<void> {
    const { Name = '' } = await this.inspect(ref);
    if (Name === 'bridge') {
      const text = 'bridge is a pre-defined network and cannot be removed';
      throw new EngineError('forbidden', 'predefined-network', text);
    }
    this.#networks.delete(Name);
  }

  async connect(ref: string, request: NetworkConnectRequest): Promise<void> {
    const network = await this.inspect(ref);
    this.connects.push(request);
    const { Container: container = '' } = request;
    network.Containers = { ...network.Containers, [container]: { Name: container } };
  }

  async disconnect(ref: string, request: NetworkDisconnectRequest): Promise<void> {
    await this.inspect(ref);
    this.disconnects.push(request);
  }

  #add({ Name, ...request }: Partial<NetworkCreateRequest> & { Name: string }): Network {
    this.#made += 1;
    const network: Network = {
      Name,
      Id: this.#made.toString(16).padStart(64, 'cd'),
      Created: someTime,
      Scope: 'local',
      Driver: 'bridge',
      EnableIPv4: request.EnableIPv4 ?? true,
      EnableIPv6: request.EnableIPv6 ?? false,
      IPAM: { Driver: 'default', Config: [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }], Options: {} },
      Internal: false,
      Attachable: false,
      Ingress: false,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: {},
      Options: request.Options ?? {},
      Labels: request.Labels ?? {},
    };
    this.#networks.set(Name, network);
    return network;
  }
}
