/**
 * A resolver in a process of its own, to be killed: answers `web` in the namespace with the address until then, and says
 * `ready` first. Arguments: the path of a network namespace, an IPv4 address.
 */
import { silentLogger, systemClock } from '@gantry/base';
import { NameIndex } from '../src/dns/name-index.ts';
import { openResolverHost } from '../src/dns/resolver-host.ts';

const [namespacePath = '', ipv4 = ''] = process.argv.slice(2);
const names = new NameIndex();
names.set('web', [{ networkId: 'front', networkName: 'front', names: ['web'], ipv4, links: new Map() }]);
await openResolverHost({ clock: systemClock, logger: silentLogger }).open({
  containerId: 'web',
  namespacePath,
  upstream: [],
  forwards: true,
  keepsSingleLabels: false,
  names: names.source('web'),
});
process.stdout.write('ready\n');
