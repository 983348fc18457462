import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError, InvalidOptionError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';

export interface ConsoleSize {
  rows: number;
  columns: number;
}

/** Throws `InvalidOptionError` for a size that no terminal has (TIOCSWINSZ takes 16 bits). */
export function checkConsoleSize({ rows, columns }: ConsoleSize): void {
  for (const length of [rows, columns]) {
    if (!Number.isInteger(length) || length < 0 || length > 65_535) {
      throw new InvalidOptionError(`invalid terminal size: ${rows} rows, ${columns} columns`);
    }
  }
}

/** Sets the size of a running container's terminal. Throws `ContainerStateError` before its start and after its end. */
export function resizeContainer(
  { events }: ContainerEnvironment,
  container: Container,
  size: ConsoleSize,
): void {
  checkConsoleSize(size);
  const { run } = container;
  if (run === undefined) {
    throw new ContainerStateError(container.id, `container ${container.id} is not running`);
  }
  run.process.resize(size);
  publishContainerEvent(events, container, 'resize', {
    height: String(size.rows),
    width: String(size.columns),
  });
}
