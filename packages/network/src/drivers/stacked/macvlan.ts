import { createMacvlan, type MacvlanMode } from '@gantry/kernel';
import { InvalidNetworkError } from '../../errors.ts';
import type { NetworkOptions, StackedLinks } from './stacked-driver.ts';

const modes: readonly MacvlanMode[] = ['bridge', 'private', 'vepa', 'passthru'];

/** Networks whose containers are on the wire of a link of the host, each with a MAC address of its own. */
export const macvlan: StackedLinks = {
  kind: 'macvlan',
  assertFits: (options, parent, neighbours) => {
    const mode = modeOf(options);
    const rival = neighbours.find((other) => mode === 'passthru' || modeOf(other.options) === 'passthru');
    if (rival === undefined) return;
    throw new InvalidNetworkError(
      `cannot use mode passthru, macvlan network ${rival.name} is already using parent interface ${parent}`,
      'forbidden',
    );
  },
  wayOut: (options) => {
    modeOf(options);
    return 'gateway';
  },
  create: (link, options) => createMacvlan(link, modeOf(options)),
};

function modeOf(options: NetworkOptions): MacvlanMode {
  const text = options['macvlan_mode'] ?? '';
  const mode = text === '' ? 'bridge' : modes.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new InvalidNetworkError(
    `requested macvlan mode '${text}' is not valid, 'bridge' mode is the macvlan driver default`,
  );
}
