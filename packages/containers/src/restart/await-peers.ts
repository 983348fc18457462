import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { hasEnded } from '../lifecycle/has-ended.ts';
import { peersOf } from '../lifecycle/joined-namespaces.ts';

/** A peer that starts again and again is waited for no longer: the start then says what is wrong. */
const longestWaitMs = 120_000;
const lookAgainMs = 50;

/**
 * Waits while a container whose namespaces this one joins is about to be started again, or has ended and nobody has taken note
 * yet: they ended together, and the joined one comes first. No lock is held. Rejects when `signal` aborts.
 */
export async function awaitPeers(
  environment: Pick<ContainerEnvironment, 'registry' | 'clock' | 'ports'>,
  container: Container,
  signal: AbortSignal,
): Promise<void> {
  const isAwaited = (peer: Container): boolean =>
    peer !== container && (peer.state.status === 'restarting' || hasEnded(environment, peer));
  for (let waitedMs = 0; waitedMs < longestWaitMs; waitedMs += lookAgainMs) {
    if (!peersOf(environment, container).some(isAwaited)) return;
    await environment.clock.sleep(lookAgainMs, signal);
  }
}
