import path from 'node:path';
import {
  changeLink,
  createNetworkNamespace,
  isNamespacePinned,
  NetlinkSocket,
  withNetworkNamespace,
} from '@gantry/kernel';
import type { DriverSandbox, NetworkDriver } from '../drivers/network-driver.ts';
import { NetworkNotAttachableError } from '../errors.ts';
import {
  configureInterface,
  defaultRoutes,
  moveDefaultRoutes,
  prepareNamespace,
} from './configure-interface.ts';
import type { Gateways, JoinedEndpoint } from './gateways.ts';

/** The namespaces of sandboxes, and the interfaces in them. What is synchronous takes about a millisecond. */
export class SandboxKernel {
  readonly #namespaces: string;

  /** `namespaces` is the directory that they are pinned in. */
  constructor(namespaces: string) {
    this.#namespaces = namespaces;
  }

  path(containerId: string): string {
    return path.join(this.#namespaces, containerId);
  }

  isThere(containerId: string): boolean {
    return isNamespacePinned(this.path(containerId));
  }

  /** Makes the namespace (or pins `existing`) with these endpoints. Throws, and leaves no more than a namespace. */
  create(
    containerId: string,
    endpoints: readonly JoinedEndpoint[],
    { gateways, existing }: { gateways: Gateways; existing: string | undefined },
  ): void {
    const namespacePath = this.path(containerId);
    const enter = (): NetlinkSocket => {
      prepareNamespace();
      return NetlinkSocket.open();
    };
    using inside = createNetworkNamespace(namespacePath, enter, existing);
    const sandbox = { containerId, namespacePath, inside };
    for (const joined of endpoints) joinOne(sandbox, joined, gateways);
    if (endpoints.length === 0) inside.request(changeLink('lo', { up: true }));
  }

  /** Adds an endpoint to a namespace that is there, and moves the default routes to the gateways of then. */
  join(
    containerId: string,
    joined: JoinedEndpoint,
    { before, after }: { before: Gateways; after: Gateways },
  ): void {
    using sandbox = this.#open(containerId);
    joinOne(sandbox, joined, { 4: undefined, 6: undefined });
    this.#move(sandbox, before, after);
  }

  /** Takes an endpoint out, and moves the default routes to the gateways of then. Idempotent. */
  async leave(containerId: string, { endpoint, network }: JoinedEndpoint, after: Gateways): Promise<void> {
    using sandbox = this.#open(containerId);
    await driverOf(network).leave(network.record, endpoint, sandbox);
    moveDefaultRoutes(sandbox.inside, [], defaultRoutes(sandbox.inside, after));
  }

  /** Puts back the interfaces that are missing. Returns the endpoints that it was done for. */
  mend(containerId: string, endpoints: readonly JoinedEndpoint[], gateways: Gateways): JoinedEndpoint[] {
    using sandbox = this.#open(containerId);
    const lost = endpoints.filter((joined) => !isJoined(sandbox, joined));
    for (const joined of lost) joinOne(sandbox, joined, { 4: undefined, 6: undefined });
    if (lost.length > 0) moveDefaultRoutes(sandbox.inside, [], defaultRoutes(sandbox.inside, gateways));
    return lost;
  }

  /** The endpoints whose interfaces are not as they should be. */
  lost(containerId: string, endpoints: readonly JoinedEndpoint[]): JoinedEndpoint[] {
    using sandbox = this.#open(containerId);
    return endpoints.filter((joined) => !isJoined(sandbox, joined));
  }

  #move({ inside }: DriverSandbox, before: Gateways, after: Gateways): void {
    moveDefaultRoutes(inside, defaultRoutes(inside, before), defaultRoutes(inside, after));
  }

  #open(containerId: string): OpenSandbox {
    return new OpenSandbox(containerId, this.path(containerId));
  }
}

/** A sandbox that is entered when something inside is asked for. */
class OpenSandbox implements DriverSandbox, Disposable {
  readonly containerId: string;
  readonly namespacePath: string;
  #inside: NetlinkSocket | undefined;

  constructor(containerId: string, namespacePath: string) {
    this.containerId = containerId;
    this.namespacePath = namespacePath;
  }

  get inside(): NetlinkSocket {
    this.#inside ??= withNetworkNamespace(this.namespacePath, () => {
      prepareNamespace();
      return NetlinkSocket.open();
    });
    return this.#inside;
  }

  [Symbol.dispose](): void {
    this.#inside?.[Symbol.dispose]();
  }
}

function joinOne(sandbox: DriverSandbox, { endpoint, network }: JoinedEndpoint, gateways: Gateways): void {
  driverOf(network).join(network.record, endpoint, sandbox);
  const { namespacePath, inside } = sandbox;
  configureInterface({ namespacePath, socket: inside }, endpoint, gateways);
}

function isJoined(sandbox: DriverSandbox, { endpoint, network }: JoinedEndpoint): boolean {
  return driverOf(network).isJoined(network.record, endpoint, sandbox);
}

function driverOf({ driver, record }: JoinedEndpoint['network']): NetworkDriver {
  if (driver === undefined) throw new NetworkNotAttachableError(record.name);
  return driver;
}
