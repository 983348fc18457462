import { createMacvlan, knowsLinkKind, type MacvlanMode, type NetlinkSocket } from '@gantry/kernel';
import { InvalidNetworkError, LinkKindMissingError } from '../../errors.ts';
import type { NetworkCreateRequest } from '../../network-controller.ts';
import type { NetworkRecord } from '../../networks/network-record.ts';
import type { EndpointRecord } from '../../sandbox/sandbox-record.ts';
import type {
  DefaultRoute,
  DriverPlan,
  DriverSandbox,
  NetworkDriver,
  PlanContext,
} from '../network-driver.ts';
import { ensureParent, parentOf, parentState, planParent, removeParent } from '../parent-link.ts';
import { hasStacked, joinStacked, leaveStacked } from '../stacked-interface.ts';

const modes: readonly MacvlanMode[] = ['bridge', 'private', 'vepa', 'passthru'];

/** Networks whose containers are on the wire of a link of the host, each with a MAC address of its own. */
export class MacvlanDriver implements NetworkDriver {
  readonly name = 'macvlan';
  readonly #socket: NetlinkSocket;

  /** `socket` is a route socket of the host; who opened it closes it. */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  plan(request: NetworkCreateRequest, { id, networks }: PlanContext): DriverPlan {
    const mode = modeOf(request.options);
    const parent = planParent(this.#socket, request.options['parent'], id);
    if (!knowsLinkKind(this.#socket, 'macvlan')) throw new LinkKindMissingError('macvlan', request.name);
    const rival = networks.find(
      (other) =>
        other.driver === this.name &&
        parentOf(other).name === parent.name &&
        (mode === 'passthru' || modeOf(other.options) === 'passthru'),
    );
    if (rival !== undefined) {
      throw new InvalidNetworkError(
        `cannot use mode passthru, macvlan network ${rival.name} is already using parent interface ${parent.name}`,
        'forbidden',
      );
    }
    const closed = request.internal || (request.options['parent'] ?? '') === '';
    return { driverState: parentState(parent), gateways: closed ? [] : [4, 6], severalSubnets: true };
  }

  establish(network: NetworkRecord): void {
    ensureParent(this.#socket, parentOf(network), network);
  }

  remove(network: NetworkRecord): void {
    removeParent(this.#socket, parentOf(network));
  }

  join(network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void {
    const parentIndex = ensureParent(this.#socket, parentOf(network), network);
    const mode = modeOf(network.options);
    const { macAddress } = endpoint;
    joinStacked({ socket: this.#socket, network, endpoint, sandbox }, (link) =>
      createMacvlan({ ...link, parentIndex, macAddress }, mode),
    );
  }

  leave(_network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void {
    leaveStacked(endpoint, sandbox);
  }

  isJoined(_network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): boolean {
    return hasStacked(endpoint, sandbox, 'macvlan');
  }

  defaultRoute({ internal }: NetworkRecord): DefaultRoute {
    return internal ? 'none' : 'gateway';
  }

  filter(): undefined {
    return undefined;
  }
}

function modeOf(options: Readonly<Record<string, string>>): MacvlanMode {
  const text = options['macvlan_mode'] ?? '';
  const mode = text === '' ? 'bridge' : modes.find((known) => known === text);
  if (mode === undefined) {
    throw new InvalidNetworkError(
      `requested macvlan mode '${text}' is not valid, 'bridge' mode is the macvlan driver default`,
    );
  }
  return mode;
}
