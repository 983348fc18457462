import type { Container } from '../container.ts';
import type { EventHub } from './event-hub.ts';

/** Tells that something happened to a container; Docker's attributes are its labels, image and name, and `extra`. */
export function publishContainerEvent(
  events: EventHub,
  container: Container,
  action: string,
  extra: Readonly<Record<string, string>> = {},
): void {
  const { config, image, name } = container.record;
  events.publish({
    type: 'container',
    action,
    actorId: container.id,
    attributes: { ...config.Labels, image: image.reference, name, ...extra },
  });
}

/** Tells that a run ended, with what `docker events` shows of it. */
export function publishDeath(
  events: EventHub,
  container: Container,
  { exitCode, ranMs }: { exitCode: number; ranMs: number },
): void {
  const execDuration = String(Math.floor(ranMs / 1000));
  publishContainerEvent(events, container, 'die', { exitCode: String(exitCode), execDuration });
}

/** Docker's action of an exec: program and arguments, with a space between them even where there are none. */
export function execAction(
  verb: 'exec_create' | 'exec_start',
  [program = '', ...rest]: readonly string[],
): string {
  return `${verb}: ${program} ${rest.join(' ')}`;
}
