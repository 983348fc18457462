import type { EventHub } from '../events/event-hub.ts';

/** Actions since a container's last start that an earlier engine told of. */
export type ToldActions = ReadonlySet<string>;

const nothing: ToldActions = new Set();
const actions = ['start', 'die', 'destroy'];

/**
 * What the history says of the last run of each container in `ids` and of its end (`start`, `die`, `destroy`): an engine
 * that was killed between telling and recording leaves it to the next one to tell nothing twice. Reads nothing for no ids.
 */
export async function readToldActions(
  events: EventHub,
  ids: ReadonlySet<string>,
): Promise<(id: string) => ToldActions> {
  const told = new Map<string, Set<string>>();
  if (ids.size === 0) return () => nothing;
  const filters = new Map([
    ['type', ['container']],
    ['event', actions],
  ]);
  for await (const { Actor: actor, Action: action = '' } of events.events({
    sinceNs: 0n,
    filters,
    signal: AbortSignal.abort(),
  })) {
    const id = actor?.ID ?? '';
    if (!ids.has(id)) continue;
    const ofRun = action === 'start' ? undefined : told.get(id);
    told.set(id, (ofRun ?? new Set()).add(action));
  }
  return (id) => told.get(id) ?? nothing;
}
