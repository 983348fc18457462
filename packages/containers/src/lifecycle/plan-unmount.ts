import { errorMessage } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { unmountImages } from './mount-sources.ts';

/** An ended container is often started again, or removed, at once: then there is nothing to unmount. */
const graceMs = 100;

/**
 * Unmounts an ended container's file system after a moment, unless `cancelUnmount` comes first. Few at a time: an unmount
 * may sync a whole file system, on the threads that files are read and written with.
 */
export function planUnmount(environment: ContainerEnvironment, container: Container): void {
  const { clock, ports, unmounts, logger } = environment;
  const grace = new AbortController();
  const plan = { cancelled: false, hurry: () => grace.abort() };
  container.plannedUnmount = plan;
  container.releasing = clock
    .sleep(graceMs, grace.signal)
    .catch(() => {})
    .then(() =>
      unmounts.run(async () => {
        if (plan.cancelled || container.fileSystemUses > 0) return;
        await unmountImages(environment, container);
        await ports.snapshots.unmount(container.id);
      }),
    )
    .catch((error: unknown) => {
      logger.warn('the file system of an ended container is still mounted', {
        containerId: container.id,
        error: errorMessage(error),
      });
    });
}

/** The file system is wanted, or is removed with all: an unmount that has not begun does not take place. */
export function cancelUnmount(container: Container): void {
  if (container.plannedUnmount === undefined) return;
  container.plannedUnmount.cancelled = true;
  container.plannedUnmount.hurry();
  container.plannedUnmount = undefined;
}
