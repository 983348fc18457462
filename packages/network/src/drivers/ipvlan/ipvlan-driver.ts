import {
  createIpvlan,
  type IpvlanFlag,
  type IpvlanMode,
  knowsLinkKind,
  type NetlinkSocket,
} from '@gantry/kernel';
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

const modes: readonly IpvlanMode[] = ['l2', 'l3', 'l3s'];
const flags: readonly IpvlanFlag[] = ['bridge', 'private', 'vepa'];

/** Networks whose containers share the MAC address of a link of the host: on its wire (l2), or routed behind it (l3, l3s). */
export class IpvlanDriver implements NetworkDriver {
  readonly name = 'ipvlan';
  readonly sharesMacAddress = true;
  readonly #socket: NetlinkSocket;

  /** `socket` is a route socket of the host; who opened it closes it. */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  plan(request: NetworkCreateRequest, { id }: PlanContext): DriverPlan {
    const { mode } = modeOf(request.options);
    const parent = planParent(this.#socket, request.options['parent'], id);
    if (!knowsLinkKind(this.#socket, 'ipvlan')) throw new LinkKindMissingError('ipvlan', request.name);
    const closed = request.internal || (request.options['parent'] ?? '') === '';
    const gateways = closed || mode !== 'l2' ? [] : ([4, 6] as const);
    return { driverState: parentState(parent), gateways, severalSubnets: true };
  }

  establish(network: NetworkRecord): void {
    ensureParent(this.#socket, parentOf(network), network);
  }

  remove(network: NetworkRecord): void {
    removeParent(this.#socket, parentOf(network));
  }

  join(network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void {
    const parentIndex = ensureParent(this.#socket, parentOf(network), network);
    const options = modeOf(network.options);
    joinStacked({ socket: this.#socket, network, endpoint, sandbox }, (link) =>
      createIpvlan({ ...link, parentIndex }, options),
    );
  }

  leave(_network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void {
    leaveStacked(endpoint, sandbox);
  }

  isJoined(_network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): boolean {
    return hasStacked(endpoint, sandbox, 'ipvlan');
  }

  defaultRoute({ internal, options }: NetworkRecord): DefaultRoute {
    if (internal) return 'none';
    return modeOf(options).mode === 'l2' ? 'gateway' : 'device';
  }

  filter(): undefined {
    return undefined;
  }
}

function modeOf(options: Readonly<Record<string, string>>): { mode: IpvlanMode; flag: IpvlanFlag } {
  const [modeText, flagText] = [options['ipvlan_mode'] ?? '', options['ipvlan_flag'] ?? ''];
  const mode = modeText === '' ? 'l2' : modes.find((known) => known === modeText);
  const flag = flagText === '' ? 'bridge' : flags.find((known) => known === flagText);
  if (mode === undefined) {
    throw new InvalidNetworkError(
      `requested ipvlan mode '${modeText}' is not valid, 'l2' mode is the ipvlan driver default`,
    );
  }
  if (flag === undefined) {
    throw new InvalidNetworkError(
      `requested ipvlan flag '${flagText}' is not valid, 'bridge' is the ipvlan driver default`,
    );
  }
  return { mode, flag };
}
