import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AddressPool, macAddressOf } from './address-pool.ts';
import { DefaultPools } from './default-pools.ts';
import {
  type Address,
  bitsOf,
  contains,
  type Family,
  formatAddress,
  formatSubnet,
  overlap,
  parseAddress,
  parseCidr,
  sizeOf,
  subnetFrom as subnet,
  subnetOf,
} from './subnet.ts';

const pools = new DefaultPools('fd12:3456:789a::/48');
const ipv4 = (value: bigint): string => formatAddress({ family: 4, value });
const addressOf = (family: Family): fc.Arbitrary<Address> =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(bitsOf(family))) - 1n }).map((value) => ({ family, value }));
const anyAddress = fc.oneof(addressOf(4), addressOf(6));

test('addresses survive formatting and parsing', () => {
  fc.assert(
    fc.property(anyAddress, (address) => assert.deepEqual(parseAddress(formatAddress(address)), address)),
  );
  for (const bad of ['', '1.2.3', '1.2.3.256', 'fe80::1%eth0', ' 1.2.3.4', '1.2.3.4/8']) {
    assert.equal(parseAddress(bad), undefined, bad);
  }
});

test('an address with a prefix names its subnet', () => {
  assert.deepEqual(parseCidr('172.17.3.1/16'), {
    address: { family: 4, value: 0xac110301n },
    subnet: { family: 4, base: 0xac110000n, prefixLength: 16 },
  });
  assert.equal(formatSubnet(subnet('255.255.255.255/1')), '128.0.0.0/1');
  assert.equal(formatSubnet(subnet('10.0.0.1/0')), '0.0.0.0/0');
  assert.equal(formatSubnet(subnet('fd00::1:2/64')), 'fd00::/64');
  for (const bad of ['172.17.0.1', '172.17.0.1/33', '172.17.0/16', '/16', '1.2.3.4/-1', '1.2.3.4/8/8']) {
    assert.equal(parseCidr(bad), undefined, bad);
  }
});

test('two subnets overlap when one holds an address of the other', () => {
  const arbitrary = (family: Family): fc.Arbitrary<{ address: Address; prefixLength: number }> =>
    fc.record({ address: addressOf(family), prefixLength: fc.integer({ min: 0, max: bitsOf(family) }) });
  const pair = fc.oneof(
    fc.tuple(arbitrary(4), arbitrary(4)),
    fc.tuple(arbitrary(6), arbitrary(6)),
    fc.tuple(arbitrary(4), arbitrary(6)),
  );
  fc.assert(
    fc.property(pair, ([first, second]) => {
      const one = subnetOf(first.address, first.prefixLength);
      const other = subnetOf(second.address, second.prefixLength);
      assert.ok(contains(one, first.address));
      const bits = Math.min(first.prefixLength, second.prefixLength);
      const expected =
        one.family === other.family &&
        subnetOf(first.address, bits).base === subnetOf(second.address, bits).base;
      assert.equal(overlap(one, other), expected);
      assert.equal(overlap(other, one), expected);
    }),
  );
});

test('the default pools are tried in Docker’s order, and none may overlap what the host routes', () => {
  assert.equal(formatSubnet(pools.choose(4, [])), '172.17.0.0/16');
  assert.equal(formatSubnet(pools.choose(4, [subnet('172.17.5.0/24')])), '172.18.0.0/16');
  assert.equal(formatSubnet(pools.choose(4, [subnet('172.16.0.0/12')])), '192.168.0.0/20');
  assert.equal(
    formatSubnet(pools.choose(4, [subnet('172.16.0.0/12'), subnet('192.168.0.0/24')])),
    '192.168.16.0/20',
  );
  assert.throws(() => pools.choose(4, [subnet('0.0.0.0/1'), subnet('128.0.0.0/1')]), {
    code: 'no-subnet-left',
  });
});

test('a pool gives the lowest free address, and never the network, the broadcast or a reserved one', () => {
  const pool = new AddressPool(subnet('10.0.0.0/29'), { reserved: [0x0a000001n] });
  const taken = Array.from({ length: 6 }, () => pool.take());
  assert.deepEqual(
    taken.map((address) => address && ipv4(address)),
    ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', undefined],
  );
  for (const address of [0x0a000005n, 0x0a000003n]) pool.release(address);
  assert.equal(
    pool.take((address) => address !== 0x0a000003n),
    0x0a000005n,
  );
  assert.equal(pool.take(), 0x0a000003n);
  assert.equal(pool.hold(0x0a000003n), false);
});

test('no address is given out twice, whatever is taken and released', () => {
  const commands = fc.array(fc.oneof(fc.constant('take' as const), fc.nat(20)), { maxLength: 80 });
  fc.assert(
    fc.property(commands, (steps) => {
      const whole = subnet('10.0.0.0/28');
      const { base } = whole;
      const pool = new AddressPool(whole, { reserved: [base + 1n] });
      const held = new Set<bigint>();
      for (const step of steps) {
        if (step === 'take') {
          const address = pool.take();
          assert.equal(address === undefined, held.size === Number(sizeOf(whole)) - 3);
          if (address === undefined) continue;
          assert.ok(!held.has(address) && address > base + 1n && address < base + 15n);
          held.add(address);
        } else {
          const address = [...held][step];
          if (address === undefined) continue;
          held.delete(address);
          pool.release(address);
        }
      }
    }),
  );
});

test('IPv6 subnets come from the host’s own prefix, or from the pools that are configured', () => {
  assert.equal(formatSubnet(pools.choose(6, [])), 'fd12:3456:789a::/64');
  assert.equal(
    formatSubnet(pools.choose(6, [subnet('fd12:3456:789a::/63'), subnet('2001:db8::/32')])),
    'fd12:3456:789a:2::/64',
  );
  const configured = new DefaultPools('fd12:3456:789a::/48', [
    { base: '10.10.0.0/16', size: 24 },
    { base: 'fd00:1::/56', size: 64 },
  ]);
  assert.equal(formatSubnet(configured.choose(4, [subnet('10.10.0.0/24')])), '10.10.1.0/24');
  assert.equal(formatSubnet(configured.choose(6, [])), 'fd00:1::/64');
  assert.throws(() => configured.choose(4, [subnet('10.0.0.0/8')]), {
    code: 'no-subnet-left',
    message: 'all predefined address pools have been fully subnetted',
  });
});

test('a range within the subnet is all that is given out, and every other address can be held', () => {
  const pool = new AddressPool(subnet('10.0.0.0/24'), { range: subnet('10.0.0.8/30') });
  assert.deepEqual(
    Array.from({ length: 5 }, () => pool.take()).map((address) => address && ipv4(address)),
    ['10.0.0.8', '10.0.0.9', '10.0.0.10', '10.0.0.11', undefined],
  );
  assert.equal(pool.hold(0x0a000064n), true);
  assert.equal(pool.hold(0x0a000000n), false);
  assert.equal(pool.hold(0x0b000000n), false);
  pool.release(0x0a000009n);
  assert.equal(pool.take(), 0x0a000009n);
});

test('a pair of IPv4 addresses has no network and no broadcast address, and IPv6 no broadcast address', () => {
  const pair = new AddressPool(subnet('10.0.0.0/31'));
  assert.deepEqual([pair.take(), pair.take(), pair.take()], [0x0a000000n, 0x0a000001n, undefined]);
  const six = new AddressPool(subnet('fd00::/126'));
  assert.deepEqual(
    Array.from({ length: 4 }, () => six.take()).map((value) => value && formatAddress({ family: 6, value })),
    ['fd00::1', 'fd00::2', 'fd00::3', undefined],
  );
});

test('a MAC is made of the address', () => {
  assert.equal(macAddressOf(0xac110002n), '02:42:ac:11:00:02');
  assert.equal(macAddressOf(0xffffffffn), '02:42:ff:ff:ff:ff');
});
