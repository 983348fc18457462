import { closeSync, openSync } from 'node:fs';
import {
  changeLink,
  findLink,
  knowsLinkKind,
  type NetlinkRequest,
  type NetlinkSocket,
  removeLink,
  type StackedLink,
} from '@gantry/kernel';
import { LinkKindMissingError } from '../../errors.ts';
import type { NetworkCreateRequest } from '../../network-controller.ts';
import type { NetworkRecord } from '../../networks/network-record.ts';
import type { EndpointRecord } from '../../sandbox/sandbox-record.ts';
import { mtuOf } from '../bridge/bridge-options.ts';
import {
  type DefaultRoute,
  type DriverPlan,
  type DriverSandbox,
  markOf,
  type NetworkDriver,
  type PlanContext,
} from '../network-driver.ts';
import { ensureParent, parentOf, parentState, planParent, removeParent } from './parent-link.ts';

export type NetworkOptions = Readonly<Record<string, string>>;

/** One kind of links on top of a link of the host. */
export interface StackedLinks {
  readonly kind: 'macvlan' | 'ipvlan';
  readonly sharesMacAddress?: true;
  /** Looks at a network to be made on `parent`, which `neighbours` of its kind are on already. Throws `InvalidNetworkError`. */
  assertFits?(options: NetworkOptions, parent: string, neighbours: readonly NetworkRecord[]): void;
  /** How packets leave a network that is not internal. Throws `InvalidNetworkError` for options that cannot be. */
  wayOut(options: NetworkOptions): Exclude<DefaultRoute, 'none'>;
  create(link: StackedLink, options: NetworkOptions): NetlinkRequest;
}

/** Networks whose containers have a link each on top of one of the host. */
export class StackedDriver implements NetworkDriver {
  readonly name: StackedLinks['kind'];
  readonly sharesMacAddress: boolean;
  readonly #socket: NetlinkSocket;
  readonly #links: StackedLinks;

  /** `socket` is a route socket of the host; who opened it closes it. */
  constructor(socket: NetlinkSocket, links: StackedLinks) {
    this.name = links.kind;
    this.sharesMacAddress = links.sharesMacAddress === true;
    this.#socket = socket;
    this.#links = links;
  }

  plan({ name, options, internal }: NetworkCreateRequest, { id, networks }: PlanContext): DriverPlan {
    const wayOut = this.#links.wayOut(options);
    const parent = planParent(this.#socket, options['parent'], id);
    if (!knowsLinkKind(this.#socket, this.name)) throw new LinkKindMissingError(this.name, name);
    const neighbours = networks.filter(
      (other) => other.driver === this.name && parentOf(other).name === parent.name,
    );
    this.#links.assertFits?.(options, parent.name, neighbours);
    const closed = internal || (options['parent'] ?? '') === '';
    const gateways = closed || wayOut === 'device' ? [] : ([4, 6] as const);
    return { driverState: parentState(parent), gateways, severalSubnets: true };
  }

  establish(network: NetworkRecord): void {
    ensureParent(this.#socket, parentOf(network), network);
  }

  remove(network: NetworkRecord): void {
    removeParent(this.#socket, parentOf(network));
  }

  join(network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void {
    const { interfaceName, macAddress } = endpoint;
    const parentIndex = ensureParent(this.#socket, parentOf(network), network);
    removeLink(sandbox.inside, interfaceName);
    const mtu = mtuOf(network.options);
    const namespaceFd = openSync(sandbox.namespacePath, 'r');
    try {
      const link = {
        name: interfaceName,
        parentIndex,
        namespaceFd,
        ...(macAddress !== '' && { macAddress }),
        ...(mtu !== undefined && { mtu }),
      };
      this.#socket.request(this.#links.create(link, network.options));
    } finally {
      closeSync(namespaceFd);
    }
    sandbox.inside.request(changeLink(interfaceName, { alias: markOf(network.id, sandbox.containerId) }));
  }

  leave(_network: NetworkRecord, { interfaceName, networkId }: EndpointRecord, sandbox: DriverSandbox): void {
    const link = findLink(sandbox.inside, interfaceName);
    if (link?.alias === markOf(networkId, sandbox.containerId)) removeLink(sandbox.inside, link.index);
  }

  isJoined(
    _network: NetworkRecord,
    { interfaceName, networkId }: EndpointRecord,
    sandbox: DriverSandbox,
  ): boolean {
    const link = findLink(sandbox.inside, interfaceName);
    return link?.kind === this.name && link.up && link.alias === markOf(networkId, sandbox.containerId);
  }

  defaultRoute({ internal, options }: NetworkRecord): DefaultRoute {
    return internal ? 'none' : this.#links.wayOut(options);
  }

  filter(): undefined {
    return undefined;
  }
}
