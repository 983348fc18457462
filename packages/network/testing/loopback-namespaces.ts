import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  changeLink,
  createNetworkNamespace,
  isNamespacePinned,
  NetlinkSocket,
  releaseNetworkNamespace,
} from '@gantry/kernel';

/** Network namespaces with nothing but loopback, as containers that only ask themselves. */
export class LoopbackNamespaces implements AsyncDisposable {
  readonly #folder = mkdtempSync('/tmp/gantry-dns-');
  readonly #paths: string[] = [];

  /** The path of a new one. */
  make(): string {
    const place = path.join(this.#folder, String(this.#paths.length));
    using socket = createNetworkNamespace(place, () => NetlinkSocket.open());
    this.#paths.push(place);
    socket.request(changeLink('lo', { up: true }));
    return place;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of this.#paths) if (isNamespacePinned(place)) await releaseNetworkNamespace(place);
    rmSync(this.#folder, { recursive: true });
  }
}
