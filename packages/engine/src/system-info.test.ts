import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CgroupSupport } from '@gantry/kernel';
import { infoWarnings } from './info-warnings.ts';
import { proxyInfo } from './proxy-info.ts';

const everything = { version: 2, memoryLimit: true } as CgroupSupport;

test('proxies are told without their credentials, in capitals or not', () => {
  const environment = {
    HTTP_PROXY: 'http://me:p@ss@proxy.example:3128',
    https_proxy: 'proxy.example:3129/a@b',
    NO_PROXY: 'a.example,10.0.0.0/8',
  };
  assert.deepEqual(proxyInfo(environment), {
    HttpProxy: 'http://xxxxx:xxxxx@proxy.example:3128',
    HttpsProxy: 'proxy.example:3129/a@b',
    NoProxy: 'a.example,10.0.0.0/8',
  });
  assert.equal(proxyInfo({ HTTP_PROXY: 'me:secret@proxy' }).HttpProxy, 'xxxxx:xxxxx@proxy');
  assert.deepEqual(proxyInfo({}), { HttpProxy: '', HttpsProxy: '', NoProxy: '' });
});

test('an open API, missing limits and missing forwarding are warned of in Docker’s words', () => {
  const facts = { openTcpAddresses: [], cgroupSupport: everything, ipv4Forwarding: () => true };
  assert.deepEqual(infoWarnings(facts), []);
  const [api, ...others] = infoWarnings({
    openTcpAddresses: ['127.0.0.1:2375'],
    cgroupSupport: { ...everything, swapLimit: false },
    ipv4Forwarding: () => false,
  });
  assert.match(
    api ?? '',
    /^WARNING: API is accessible on http:\/\/127\.0\.0\.1:2375 without encryption\.\n {9}Access/,
  );
  assert.deepEqual(others, ['WARNING: No swap limit support', 'WARNING: IPv4 forwarding is disabled']);
});
