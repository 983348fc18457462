import type { Duplex } from 'node:stream';
import type { BuildkitBackend, SessionOffer } from '@gantry/http-api';

/** A backend that is made when it is first called. */
export class LateBuildkit implements BuildkitBackend {
  readonly #make: () => Promise<BuildkitBackend>;
  #made: Promise<BuildkitBackend> | undefined;

  constructor(make: () => Promise<BuildkitBackend>) {
    this.#make = make;
  }

  async serve(socket: Duplex, signal: AbortSignal): Promise<void> {
    this.#made ??= this.#make();
    await (await this.#made).serve(socket, signal);
  }

  async acceptSession(socket: Duplex, offer: SessionOffer, signal: AbortSignal): Promise<void> {
    this.#made ??= this.#make();
    await (await this.#made).acceptSession(socket, offer, signal);
  }
}
