import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { isActive } from '../state/container-state.ts';

/** True when its init is gone, and its record does not say so yet. */
export function hasEnded({ ports }: Pick<ContainerEnvironment, 'ports'>, { id, state }: Container): boolean {
  if (!isActive(state)) return false;
  try {
    ports.runtime.kill(id, 0);
    return false;
  } catch {
    return true;
  }
}
