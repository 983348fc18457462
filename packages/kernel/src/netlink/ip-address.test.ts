import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAddress, encodeAddress } from './ip-address.ts';

test('addresses survive encoding and decoding in their shortest form', () => {
  const pairs = [
    ['172.17.0.2', '172.17.0.2'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::1', 'fe80::1'],
    ['2001:db8::', '2001:db8::'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['10:0:3:4:5:6:7:8', '10:0:3:4:5:6:7:8'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ];
  for (const [address = '', expected] of pairs) assert.equal(decodeAddress(encodeAddress(address)), expected);
});

test('what is no address is refused by name', () => {
  for (const bad of ['', '1.2.3', '256.1.1.1', 'fe80::1%eth0', 'host']) {
    assert.throws(() => encodeAddress(bad), {
      code: 'invalid-address',
      message: `invalid IP address: ${bad}`,
    });
  }
});
