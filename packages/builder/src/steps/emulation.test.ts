import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BinaryFormat } from '@gantry/kernel';
import { hostPlatform, parsePlatform } from '@gantry/oci';
import { requireEmulator } from './emulation.ts';

const s390x: BinaryFormat = {
  name: 'qemu-s390x',
  interpreter: '/usr/bin/qemu-s390x-static',
  isFixed: true,
  offset: 0,
  magic: Buffer.from('7f454c4602020100000000000000000000020016', 'hex'),
  mask: Buffer.from('ffffffffffffff00fffffffffffffffffffeffff', 'hex'),
};
const foreign = parsePlatform('linux/s390x');

test('what runs here needs no emulator, what does not needs one that is there in every root', () => {
  requireEmulator(hostPlatform(), () => []);
  requireEmulator(foreign, () => [s390x]);
  assert.throws(() => requireEmulator(foreign, () => []), {
    code: 'build-emulator-missing',
    message: /exec format error: .*linux\/s390x.*none is registered for s390x/,
  });
  assert.throws(() => requireEmulator(foreign, () => [{ ...s390x, isFixed: false }]), { message: /flag F/ });
  assert.throws(() => requireEmulator(parsePlatform('linux/ppc64le'), () => [s390x]), { message: /ppc64le/ });
  assert.throws(() => requireEmulator(parsePlatform('windows/amd64'), () => [s390x]), { message: /windows/ });
});
