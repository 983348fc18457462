import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Network, NetworkCreateRequest } from '@gantry/api-types';
import { errorKind } from '@gantry/base';
import { filterNetworks } from './network-filters.ts';
import { networkRequestOf } from './network-request.ts';

const networks: Network[] = [
  { Name: 'bridge', Id: 'a1', Driver: 'bridge', Scope: 'local', Labels: {}, Containers: {} },
  { Name: 'front', Id: 'b2', Driver: 'bridge', Scope: 'local', Labels: { x: '1' }, Containers: { c: {} } },
  { Name: 'back', Id: 'c3', Driver: 'macvlan', Scope: 'local', Labels: { x: '1', y: '2' }, Containers: {} },
];

function names(filters: Record<string, string[]>): (string | undefined)[] {
  return filterNetworks(networks, new Map(Object.entries(filters))).map(({ Name }) => Name);
}

function requestOf(wire: Partial<NetworkCreateRequest>, defaults = {}): ReturnType<typeof networkRequestOf> {
  return networkRequestOf({ Name: 'web', ...wire }, defaults);
}

describe('the filters of networks', () => {
  test('are alternatives of a key, and labels all at once', () => {
    assert.deepEqual(names({ name: ['front', 'back'] }), ['front', 'back']);
    assert.deepEqual(names({ name: ['^b'] }), ['bridge', 'back']);
    assert.deepEqual(names({ id: ['b'], driver: ['bridge'] }), ['front']);
    assert.deepEqual(names({ label: ['x=1', 'y'] }), ['back']);
    assert.deepEqual(names({ type: ['builtin'] }), ['bridge']);
    assert.deepEqual(names({ type: ['custom', 'builtin'] }), ['bridge', 'front', 'back']);
    assert.deepEqual(names({ scope: ['swarm'] }), []);
  });

  test('find networks that nobody is on, and predefined ones never', () => {
    assert.deepEqual(names({ dangling: ['true'] }), ['back']);
    assert.deepEqual(names({ dangling: ['0'] }), ['bridge', 'front']);
  });

  test('are refused by name, and by value', () => {
    assert.throws(() => names({ bogus: ['x'] }), /^InvalidFilterError: invalid filter 'bogus'$/);
    assert.throws(() => names({ dangling: ['maybe'] }), /invalid value for filter 'dangling'/);
    assert.throws(() => names({ dangling: ['0', '1'] }), /more than one value for filter key "dangling"/);
    assert.throws(() => names({ type: ['odd'] }), /invalid filter: 'type'='odd'/);
  });
});

describe('a create request', () => {
  test('has the daemon’s default options of its driver, and its own before them', () => {
    const defaults = { bridge: { mtu: '1400', icc: 'false' }, macvlan: { parent: 'eth0' } };
    assert.deepEqual(requestOf({ Options: { mtu: '9000' } }, defaults).options, {
      mtu: '9000',
      icc: 'false',
    });
    assert.deepEqual(requestOf({ Driver: 'macvlan' }, defaults).options, { parent: 'eth0' });
    assert.deepEqual(requestOf({ ConfigFrom: { Network: 'template' } }, defaults).options, {});
  });

  test('is IPv4, and IPv6 as the daemon decides, unless it or an option says otherwise', () => {
    const families = (wire: Partial<NetworkCreateRequest>, defaults = {}): unknown[] => {
      const { ipv4, ipv6, options } = requestOf(wire, { bridge: defaults });
      return [ipv4, ipv6, options];
    };
    const option = 'com.docker.network.enable_ipv6';
    assert.deepEqual(families({}), [true, undefined, {}]);
    assert.deepEqual(families({ EnableIPv4: false, EnableIPv6: true }), [false, true, {}]);
    assert.deepEqual(families({}, { [option]: 'true' }), [true, true, { [option]: 'true' }]);
    assert.deepEqual(families({ EnableIPv6: false }, { [option]: 'true' }), [true, false, {}]);
    assert.throws(() => families({}, { [option]: 'maybe' }), /is not a valid bool/);
  });

  test('is refused for predefined names and for what only a swarm has', () => {
    const refusal = (wire: Partial<NetworkCreateRequest>): [string, string] => {
      try {
        requestOf(wire);
      } catch (error) {
        return [errorKind(error), String(error)];
      }
      return ['', ''];
    };
    assert.match(refusal({ Name: 'none' }).join(), /^forbidden,.*not permitted on predefined none network $/);
    assert.match(refusal({ Driver: 'overlay' }).join(), /^forbidden,.*not a swarm manager/);
    assert.match(
      refusal({ Scope: 'swarm' }).join(),
      /^forbidden,.*swarm scoped network when swarm is not active/,
    );
    assert.match(refusal({ Scope: 'global' }).join(), /^not-implemented,.*scope 'global'/);
    assert.match(refusal({ Ingress: true }).join(), /^forbidden,.*Ingress network can only be global scope/);
  });
});
