import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AddressPool, macAddressOf } from './address-pool.ts';
import { chooseSubnet } from './default-pools.ts';
import {
  contains,
  formatIPv4,
  formatSubnet,
  overlap,
  parseCidr,
  parseIPv4,
  sizeOf,
  subnetOf,
} from './subnet.ts';

const subnet = (text: string): ReturnType<typeof subnetOf> => {
  const parsed = parseCidr(text);
  assert.ok(parsed, text);
  return parsed.subnet;
};

test('addresses survive formatting and parsing', () => {
  fc.assert(fc.property(fc.nat(0xffffffff), (address) => parseIPv4(formatIPv4(address)) === address));
  for (const bad of ['', '1.2.3', '1.2.3.256', '::1', ' 1.2.3.4'])
    assert.equal(parseIPv4(bad), undefined, bad);
});

test('an address with a prefix names its subnet', () => {
  assert.deepEqual(parseCidr('172.17.3.1/16'), {
    address: 0xac110301,
    subnet: { base: 0xac110000, prefixLength: 16 },
  });
  assert.equal(formatSubnet(subnet('255.255.255.255/1')), '128.0.0.0/1');
  assert.equal(formatSubnet(subnet('10.0.0.1/0')), '0.0.0.0/0');
  for (const bad of ['172.17.0.1', '172.17.0.1/33', '172.17.0/16', '/16', '1.2.3.4/-1', '1.2.3.4/8/8']) {
    assert.equal(parseCidr(bad), undefined, bad);
  }
});

test('two subnets overlap when one holds an address of the other', () => {
  const arbitrary = fc.record({ address: fc.nat(0xffffffff), prefixLength: fc.integer({ min: 0, max: 32 }) });
  fc.assert(
    fc.property(arbitrary, arbitrary, (first, second) => {
      const one = subnetOf(first.address, first.prefixLength);
      const other = subnetOf(second.address, second.prefixLength);
      assert.ok(contains(one, first.address));
      const bits = Math.min(first.prefixLength, second.prefixLength);
      const expected = subnetOf(first.address, bits).base === subnetOf(second.address, bits).base;
      assert.equal(overlap(one, other), expected);
      assert.equal(overlap(other, one), expected);
    }),
  );
});

test('the default pools are tried in Docker’s order, and none may overlap what the host routes', () => {
  assert.equal(formatSubnet(chooseSubnet([])), '172.17.0.0/16');
  assert.equal(formatSubnet(chooseSubnet([subnet('172.17.5.0/24')])), '172.18.0.0/16');
  assert.equal(formatSubnet(chooseSubnet([subnet('172.16.0.0/12')])), '192.168.0.0/20');
  assert.equal(
    formatSubnet(chooseSubnet([subnet('172.16.0.0/12'), subnet('192.168.0.0/24')])),
    '192.168.16.0/20',
  );
  assert.throws(() => chooseSubnet([subnet('0.0.0.0/1'), subnet('128.0.0.0/1')]), { code: 'no-subnet-left' });
});

test('a pool gives the lowest free address, and never the network, the broadcast or a reserved one', () => {
  const pool = new AddressPool(subnet('10.0.0.0/29'), [0x0a000001]);
  const taken = Array.from({ length: 6 }, () => pool.take());
  assert.deepEqual(
    taken.map((address) => address && formatIPv4(address)),
    ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', undefined],
  );
  for (const address of [0x0a000005, 0x0a000003]) pool.release(address);
  assert.equal(
    pool.take((address) => address !== 0x0a000003),
    0x0a000005,
  );
  assert.equal(pool.take(), 0x0a000003);
  assert.equal(pool.hold(0x0a000003), false);
});

test('no address is given out twice, whatever is taken and released', () => {
  const commands = fc.array(fc.oneof(fc.constant('take' as const), fc.nat(20)), { maxLength: 80 });
  fc.assert(
    fc.property(commands, (steps) => {
      const { base, prefixLength } = subnet('10.0.0.0/28');
      const pool = new AddressPool({ base, prefixLength }, [base + 1]);
      const held = new Set<number>();
      for (const step of steps) {
        if (step === 'take') {
          const address = pool.take();
          assert.equal(address === undefined, held.size === sizeOf(prefixLength) - 3);
          if (address === undefined) continue;
          assert.ok(!held.has(address) && address > base + 1 && address < base + 15);
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

test('a MAC is made of the address', () => {
  assert.equal(macAddressOf(0xac110002), '02:42:ac:11:00:02');
  assert.equal(macAddressOf(0xffffffff), '02:42:ff:ff:ff:ff');
});
