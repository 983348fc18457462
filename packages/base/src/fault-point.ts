import { channel } from 'node:diagnostics_channel';

/** The name of the diagnostics channel that fault points are published on. */
export const faultPointChannel = 'gantry:fault-point';

const passed = channel(faultPointChannel);

/**
 * Marks an instant at which the death of the engine would leave something half done: after each step that leaves a trace.
 * A test listens on the channel in the engine's process and kills it there; nobody else does, and then this is one look at
 * a flag. `name` is `<operation>/<what has just been done>`, a literal, so that a test finds all points of an operation in
 * the sources.
 */
export function faultPoint(name: `${string}/${string}`): void {
  if (passed.hasSubscribers) passed.publish(name);
}
