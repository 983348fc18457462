import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builderSettings } from './builder-config.ts';

const read = (builder: object) => builderSettings(JSON.stringify(builder));

test('the build cache is collected by the usual rules unless rules are given, or it is not', () => {
  const nothing = { reservedBytes: 0, maxUsedBytes: 0, minFreeBytes: 0 };
  assert.deepEqual(read({}).collection, { policies: 'usual', defaults: nothing });
  assert.equal(read({ gc: { enabled: false } }).collection, undefined);
  const defaults = { reservedBytes: 1024 ** 3, maxUsedBytes: 2 * 1024 ** 3, minFreeBytes: 5 };
  assert.deepEqual(
    read({ gc: { defaultKeepStorage: '1GB', defaultMaxUsedSpace: '2GB', defaultMinFreeSpace: 5 } })
      .collection,
    { policies: 'usual', defaults },
  );
  const policy = [
    { filter: ['type=exec.cachemount', 'type!=regular'], keepStorage: '512MB', keepDuration: '48h' },
    { filter: { 'unused-for': { '2200h': true } }, all: true },
  ];
  assert.deepEqual(read({ gc: { defaultReservedSpace: '7', policy } }).collection?.policies, [
    {
      all: false,
      filters: new Map([
        ['type', ['exec.cachemount']],
        ['type!', ['regular']],
        ['unused-for', ['48h']],
      ]),
      ...nothing,
      reservedBytes: 512 * 1024 ** 2,
    },
    { all: true, filters: new Map([['unused-for', ['2200h']]]), ...nothing, reservedBytes: 7 },
  ]);
});

test('entitlements are what builds may be granted', () => {
  assert.deepEqual(read({}).entitlements, { networkHost: true, securityInsecure: false, device: true });
  const entitlements = { 'network-host': false, 'security-insecure': true, device: false };
  assert.deepEqual(read({ entitlements }).entitlements, {
    networkHost: false,
    securityInsecure: true,
    device: false,
  });
});

test('what dockerd does not have there is refused by name', () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ history: {} }, /builder\.history/],
    [{ gc: { shiny: 1 } }, /builder\.gc\.shiny/],
    [{ gc: { enabled: 'yes' } }, /'builder\.gc\.enabled' must be a boolean/],
    [{ gc: { policy: [{ filter: ['shiny=1'] }] } }, /invalid filter 'shiny'/],
    [{ gc: { policy: [{ filter: ['type'] }] } }, /'type' is no filter/],
    [{ gc: { defaultKeepStorage: 'much' } }, /defaultKeepStorage/],
    [{ gc: { policy: [{ keepDuration: 'long' }] } }, /keepDuration/],
    [{ entitlements: { all: true } }, /builder\.entitlements\.all/],
  ];
  for (const [given, message] of cases) assert.throws(() => read(given), message);
});
