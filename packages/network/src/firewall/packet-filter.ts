import type { Firewall } from './firewall.ts';

/** What the networks and published ports of an engine need of rules for packets; see `Firewall`. */
export type PacketFilter = Pick<
  Firewall,
  'reset' | 'addNetwork' | 'removeNetwork' | 'publish' | 'unpublish' | 'remove'
>;

/**
 * No rules at all, where the administrator wants to write them: nothing is translated, and nothing kept apart. What an earlier
 * engine has written is taken away first.
 */
export function withoutRules(earlier: Pick<Firewall, 'remove'>): PacketFilter {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    reset: () => earlier.remove(),
    addNetwork: nothing,
    removeNetwork: nothing,
    publish: nothing,
    unpublish: nothing,
    remove: nothing,
  };
}
