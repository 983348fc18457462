import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DefaultPools } from '../ipam/default-pools.ts';
import { subnetFrom } from '../ipam/subnet.ts';
import { type DefaultBridgeSettings, defaultBridgeSubnets } from './default-bridge.ts';

const plan = { subnet: '172.17.0.0/16', gateway: '172.17.0.1' };

function subnets(
  settings: DefaultBridgeSettings,
  { earlier6, taken = [] }: { earlier6?: string; taken?: string[] } = {},
): ReturnType<typeof defaultBridgeSubnets> {
  return defaultBridgeSubnets(plan, settings, {
    bridge: 'b0',
    pools: new DefaultPools('fd12:3456:789a::/48'),
    taken: taken.map(subnetFrom),
    hostSubnets: () => [subnetFrom('fd12:3456:789a::/64')],
    earlier6,
  });
}

describe('the default bridge', () => {
  test('has its IPv4 subnet alone, with what the daemon says of it', () => {
    assert.deepEqual(subnets({}), [plan]);
    assert.deepEqual(subnets({ fixedCidr: '172.17.9.0/24', defaultGateway: '172.17.0.254' }), [
      { ...plan, ipRange: '172.17.9.0/24', auxAddresses: { DefaultGatewayIPv4: '172.17.0.254' } },
    ]);
  });

  test('has an IPv6 subnet of its own choice, of the pools, or the one before', () => {
    const second = (...given: Parameters<typeof subnets>): unknown => subnets(...given)[1];
    assert.deepEqual(second({ ipv6: true }), {
      subnet: 'fd12:3456:789a:1::/64',
      gateway: 'fd12:3456:789a:1::1',
    });
    assert.deepEqual(second({ ipv6: true }, { earlier6: 'fd00:5::/64' }), {
      subnet: 'fd00:5::/64',
      gateway: 'fd00:5::1',
    });
    assert.deepEqual(second({ ipv6: true }, { earlier6: 'fd00:5::/64', taken: ['fd00:5::/32'] }), {
      subnet: 'fd12:3456:789a:1::/64',
      gateway: 'fd12:3456:789a:1::1',
    });
    assert.deepEqual(second({ ipv6: true, fixedCidrV6: 'fd00:9::/64', defaultGatewayV6: 'fd00:9::f' }), {
      subnet: 'fd00:9::/64',
      gateway: 'fd00:9::1',
      auxAddresses: { DefaultGatewayIPv6: 'fd00:9::f' },
    });
    assert.deepEqual(second({ ipv6: true, bip6: 'fd00:9::7/64', fixedCidrV6: 'fd00:9::100/120' }), {
      subnet: 'fd00:9::/64',
      gateway: 'fd00:9::7',
      ipRange: 'fd00:9::100/120',
    });
  });

  test('is refused what does not lie in it', () => {
    assert.throws(() => subnets({ fixedCidr: '10.0.0.0/24' }), /fixed-cidr: 10\.0\.0\.0\/24 is no part of/);
    assert.throws(() => subnets({ fixedCidr: '172.0.0.0/8' }), /is no part of 172\.17\.0\.0\/16/);
    assert.throws(() => subnets({ defaultGateway: '10.0.0.1' }), /default-gateway: 10\.0\.0\.1 is not in/);
    assert.throws(() => subnets({ ipv6: true, fixedCidrV6: '10.0.0.0/8' }), /invalid IPv6 subnet/);
  });
});
