import { EngineError, errorKind } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError, KillWithoutEndError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { cancelRestart } from '../restart/plan-restart.ts';
import { parseSignal, sigkill } from '../signals.ts';
import { isActive } from '../state/container-state.ts';
import { endsWithin, markStopped, stopSignalOf } from './stop-container.ts';

/** What Docker gives a process for its end by SIGKILL: ten seconds, and two after a second try. */
const killPatienceSeconds = 12;

/**
 * Sends a signal. SIGKILL and the container's stop signal count as a stop: its restart policy lets it be. After SIGKILL this
 * resolves when the end is recorded, as in Docker, so that a start after it starts. Throws `InvalidOptionError` for an unknown
 * signal, `ContainerStateError` when it does not run, `KillWithoutEndError` when it is still there twelve seconds after SIGKILL.
 */
export async function killContainer(
  environment: ContainerEnvironment,
  container: Container,
  signalText: string,
): Promise<void> {
  const signal = parseSignal(signalText === '' ? String(sigkill) : signalText);
  const run = await environment.locks.run(container.id, async () => {
    if (container.state.status === 'restarting') {
      cancelRestart(environment, container);
      return undefined;
    }
    if (!isActive(container.state)) {
      throw new ContainerStateError(container.id, `container ${container.id} is not running`);
    }
    const stops = signal === sigkill || signal === parseSignal(stopSignalOf(container));
    if (stops) markStopped(environment, container);
    sendSignal(environment, container, signal);
    if (stops && container.state.status === 'paused') await thaw(environment, container);
    return signal === sigkill ? container.run : undefined;
  });
  if (run === undefined || (await endsWithin(environment, run, killPatienceSeconds))) return;
  throw new KillWithoutEndError(container.id);
}

/** The same failure, with what it kept from being done in front, in Docker's words. */
export function killFailure(ref: string, error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const { kind, code, message, details } = error;
  return new EngineError(kind, code, `cannot kill container: ${ref}: ${message}`, { details, cause: error });
}

/** Signals init of a container that is active; one that has ended by now needs no signal. */
export function sendSignal(
  { ports, events }: ContainerEnvironment,
  container: Container,
  signal: number,
): void {
  try {
    ports.runtime.kill(container.id, signal);
  } catch (error) {
    if (errorKind(error) !== 'not-found' && errorKind(error) !== 'conflict') throw error;
  }
  publishContainerEvent(events, container, 'kill', { signal: String(signal) });
}

/** Frozen processes do not end: cgroups deliver the signal after the thaw. */
export async function thaw({ ports, registry }: ContainerEnvironment, container: Container): Promise<void> {
  try {
    await ports.runtime.resume(container.id);
  } catch (error) {
    // Its cgroup is gone with its last process.
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
  const facts = container.record.frozenForCommit === true ? { frozenForCommit: false } : {};
  registry.apply(container, { type: 'resumed' }, facts);
}
