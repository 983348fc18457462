import { createIpvlan, type IpvlanFlag, type IpvlanMode } from '@gantry/kernel';
import { InvalidNetworkError } from '../../errors.ts';
import type { NetworkOptions, StackedLinks } from './stacked-driver.ts';

const modes: readonly IpvlanMode[] = ['l2', 'l3', 'l3s'];
const flags: readonly IpvlanFlag[] = ['bridge', 'private', 'vepa'];

/** Networks whose containers share the MAC address of a link of the host: on its wire (l2), or routed behind it (l3, l3s). */
export const ipvlan: StackedLinks = {
  kind: 'ipvlan',
  sharesMacAddress: true,
  wayOut: (options) => (modeOf(options).mode === 'l2' ? 'gateway' : 'device'),
  create: (link, options) => createIpvlan(link, modeOf(options)),
};

function modeOf(options: NetworkOptions): { mode: IpvlanMode; flag: IpvlanFlag } {
  const mode = chosen(modes, options['ipvlan_mode'], ['mode', 'l2']);
  return { mode, flag: chosen(flags, options['ipvlan_flag'], ['flag', 'bridge']) };
}

/** The first when nothing is asked for. */
function chosen<T extends string>(known: readonly T[], wish = '', [what, usual]: [string, T]): T {
  const found = known.find((each) => each === (wish === '' ? usual : wish));
  if (found !== undefined) return found;
  throw new InvalidNetworkError(
    `requested ipvlan ${what} '${wish}' is not valid, '${usual}' is the ipvlan driver default`,
  );
}
