import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { silentLogger, systemClock } from '@gantry/base';
import {
  addAddress,
  addRoute,
  changeLink,
  createNetworkNamespace,
  createVethPair,
  findLink,
  isNamespacePinned,
  listLinks,
  NetlinkSocket,
  releaseNetworkNamespace,
  removeLink,
  withNetworkNamespace,
  writeSysctl,
} from '@gantry/kernel';
import type { MetadataStore } from '@gantry/state';
import { MemoryMetadataStore } from '@gantry/state/testing';
import type { NetworkController } from '../src/network-controller.ts';
import { type NetworkControllerOptions, openNetworkController } from '../src/open-network-controller.ts';

const execute = promisify(execFile);

/** Addresses of the wire between the host of the test and its neighbour. */
export const wire = {
  host: '192.0.2.1',
  neighbour: '192.0.2.2',
  host6: '2001:db8::1',
  neighbour6: '2001:db8::2',
} as const;

/**
 * A host to try networks on: this process's own (fresh) network namespace with loopback up, and a neighbour machine,
 * which is another namespace at the other end of a wire and routes everything through the host.
 */
export class NetworkHost implements AsyncDisposable {
  readonly folder: string = mkdtempSync('/tmp/gantry-network-');
  readonly store: MetadataStore = new MemoryMetadataStore();
  readonly neighbour: string = path.join(this.folder, 'neighbour');

  constructor() {
    useAddressesAtOnce();
    using socket = NetlinkSocket.open();
    using far = createNetworkNamespace(this.neighbour, () => {
      useAddressesAtOnce();
      return NetlinkSocket.open();
    });
    const namespaceFd = openSync(this.neighbour, 'r');
    try {
      socket.request(createVethPair({ name: 'wire0' }, { name: 'eth0', namespaceFd }));
    } finally {
      closeSync(namespaceFd);
    }
    const near = findLink(socket, 'wire0')?.index ?? 0;
    const eth0 = findLink(far, 'eth0')?.index ?? 0;
    socket.request(
      changeLink('lo', { up: true }),
      changeLink(near, { up: true }),
      addAddress({ linkIndex: near, address: wire.host, prefixLength: 24 }),
      addAddress({ linkIndex: near, address: wire.host6, prefixLength: 64 }),
    );
    far.request(
      changeLink('lo', { up: true }),
      changeLink(eth0, { up: true }),
      addAddress({ linkIndex: eth0, address: wire.neighbour, prefixLength: 24 }),
      addAddress({ linkIndex: eth0, address: wire.neighbour6, prefixLength: 64 }),
      addRoute({ gateway: wire.host }),
      addRoute({ gateway: wire.host6 }),
    );
  }

  /** Opens a controller with this host's store and folder; opening again is a restart of the engine. */
  open(options: Partial<NetworkControllerOptions> = {}): Promise<NetworkController & AsyncDisposable> {
    return openNetworkController({
      store: this.store,
      execRoot: this.folder,
      bridge: 'test0',
      logger: silentLogger,
      clock: systemClock,
      ...options,
    });
  }

  /** Makes the machine at `namespacePath` send what is for 127.0.0.1 over its wire, as an attacker on the link can. */
  async routeLoopbackOut(namespacePath: string): Promise<void> {
    const script = [
      'sysctl -qw net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.eth0.route_localnet=1',
      'ip route replace table 100 127.0.0.0/8 via "$(ip -4 route show default | cut -d" " -f3)" dev eth0',
      'ip rule add pref 1 to 127.0.0.0/8 lookup 100',
      'ip rule add pref 2 lookup local',
      'ip rule delete pref 0',
    ].join(' && ');
    const { done } = withNetworkNamespace(namespacePath, () => ({ done: execute('sh', ['-c', script]) }));
    await done;
  }

  /** Takes everything away, what a failed test has left too: its error is the one to be seen. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of readdirSync(this.folder, { recursive: true, encoding: 'utf8' })) {
      const place = path.join(this.folder, file);
      if (isNamespacePinned(place)) await releaseNetworkNamespace(place);
    }
    using socket = NetlinkSocket.open();
    const made = listLinks(socket).filter(({ alias }) => alias.startsWith('gantry-network:'));
    for (const name of ['wire0', 'test0', ...made.map((link) => link.name)]) removeLink(socket, name);
    rmSync(this.folder, { recursive: true });
  }
}

/** Interfaces made from now on in this network namespace need not ask whether somebody has their IPv6 address already. */
export function useAddressesAtOnce(): void {
  writeSysctl(['net', 'ipv6', 'conf', 'default', 'accept_dad'], '0');
}
