import type {
  Filters,
  Network,
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
} from '@gantry/api-types';

/** What the network routes need. A `ref` is an id, a name or a unique id prefix; an unknown one throws `network x not found`. */
export interface NetworkBackend {
  /** Filters: dangling, driver, id, label, name, scope, type; another one throws `invalid filter 'x'`. */
  list(filters: Filters): Promise<Network[]>;
  inspect(ref: string): Promise<Network>;
  /**
   * Exists, durably, when it resolves. Throws conflict (`network with name x already exists`), forbidden for the names of the
   * predefined networks, not-found for a driver, invalid for what the addresses or options cannot be.
   */
  create(request: NetworkCreateRequest): Promise<NetworkCreateResponse>;
  /** Throws forbidden for a predefined network, and for one that containers are on. */
  remove(ref: string): Promise<void>;
  /** Puts a container on the network: now when it runs, from its next start on when it does not. */
  connect(ref: string, request: NetworkConnectRequest): Promise<void>;
  /** Takes a container off the network; `Force` does so where the network is gone. */
  disconnect(ref: string, request: NetworkDisconnectRequest): Promise<void>;
}
