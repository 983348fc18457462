import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostFirewall } from '@gantry/network';
import { diagnose } from './doctor.ts';
import { firewallChecks } from './firewall-checks.ts';

const quiet: HostFirewall = {
  forwardBlockers: [],
  inputFirewalls: [],
  strictIpv6: false,
  bridgesFiltered: false,
};

test('a host without a firewall of its own is in order', async () => {
  assert.deepEqual(await told(quiet), [
    'ok forwarding: no other firewall drops it',
    'ok published ports: neither ufw nor firewalld is active',
    'ok bridge filter: br_netfilter is off: containers of one network meet no rules of the host',
  ]);
});

test('a firewall that is not asked about published ports, and one that drops what is forwarded, are named', async () => {
  const [forwarding = '', published = '', bridge = ''] = await told({
    forwardBlockers: ['ip filter FORWARD', 'inet firewalld filter_FORWARD'],
    inputFirewalls: ['ufw', 'firewalld'],
    strictIpv6: true,
    bridgesFiltered: true,
  });
  assert.match(forwarding, /^ok forwarding: dropped by ip filter FORWARD, inet firewalld filter_FORWARD, /);
  assert.match(
    published,
    /^warn published ports: .*whatever ufw and firewalld says, unless "publish-policy"/,
  );
  assert.match(published, /IPv6_rpfilter=no/);
  assert.match(bridge, /br_netfilter is on/);
});

test('rules that cannot be read are no reason to stop', async () => {
  const findings = await diagnose(
    firewallChecks(() => Promise.reject(new Error('no nft'))),
    { fix: false },
  );
  assert.deepEqual(
    findings.map(({ state, message }) => [state, message]),
    Array.from({ length: 3 }, () => ['warn', "the host's rules cannot be read: no nft"]),
  );
});

async function told(facts: HostFirewall): Promise<string[]> {
  const findings = await diagnose(
    firewallChecks(() => Promise.resolve(facts)),
    { fix: false },
  );
  return findings.map(({ state, name, message }) => `${state} ${name}: ${message}`);
}
