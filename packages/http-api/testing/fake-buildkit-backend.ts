import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { BuildkitBackend, SessionOffer } from '../src/index.ts';

/** Remembers who came, and gives back what they send until they go. */
export class FakeBuildkitBackend implements BuildkitBackend {
  readonly sessions: SessionOffer[] = [];

  async serve(socket: Duplex): Promise<void> {
    socket.pipe(socket);
    await once(socket, 'close');
  }

  async acceptSession(socket: Duplex, offer: SessionOffer): Promise<void> {
    this.sessions.push(offer);
    await this.serve(socket);
  }
}
