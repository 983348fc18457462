import type { ContainerWaitResponse } from '@gantry/api-types';
import type { Container } from '../container.ts';
import { countsAsRunning } from '../state/container-state.ts';
import type { WaitCondition } from './exit-waiters.ts';

/** What a waiter is told: the last exit code, and why a start failed. */
export function exitResponse({ state }: Container): ContainerWaitResponse {
  const { exitCode, error } = state.last;
  return { StatusCode: exitCode, ...(error !== '' && { Error: { Message: error } }) };
}

/** Registers at once; `result` rejects when `signal` aborts. */
export function waitForContainer(
  container: Container,
  condition: WaitCondition,
  signal: AbortSignal,
): { result: Promise<ContainerWaitResponse> } {
  if (condition === 'not-running' && !countsAsRunning(container.state)) {
    return { result: Promise.resolve(exitResponse(container)) };
  }
  const result = container.waiters.add(condition, signal);
  // Whoever asked may be gone before it looks at the result.
  result.catch(() => {});
  return { result };
}
