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
  const [modeWish, flagWish] = [options['ipvlan_mode'] || 'l2', options['ipvlan_flag'] || 'bridge'];
  const mode = modes.find((known) => known === modeWish);
  const flag = flags.find((known) => known === flagWish);
  if (mode === undefined) throw invalid(`mode '${modeWish}'`, "'l2' mode");
  if (flag === undefined) throw invalid(`flag '${flagWish}'`, "'bridge'");
  return { mode, flag };
}

function invalid(wish: string, usual: string): InvalidNetworkError {
  return new InvalidNetworkError(
    `requested ipvlan ${wish} is not valid, ${usual} is the ipvlan driver default`,
  );
}
