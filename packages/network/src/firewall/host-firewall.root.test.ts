import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { examineHostFirewall } from './host-firewall.ts';

test('what the host’s firewalls do is told by their rules, and nothing is changed', async () => {
  assert.deepEqual(
    { ...(await examineHostFirewall()), bridgesFiltered: false },
    {
      forwardBlockers: [],
      inputFirewalls: [],
      strictIpv6: false,
      bridgesFiltered: false,
    },
  );
  nft(
    'table ip filter { chain ufw-user-input { }; chain FORWARD { type filter hook forward priority filter; policy drop; }; }',
    `table inet firewalld {
       chain filter_PREROUTING { type filter hook prerouting priority 10; icmpv6 type { nd-router-advert } accept;
         meta nfproto ipv6 fib saddr . mark . iif oif missing drop; }
       chain filter_FORWARD { type filter hook forward priority 10; ct state established accept; reject; }
     }`,
  );
  const before = execFileSync('nft', ['list', 'ruleset']).toString();
  const { forwardBlockers, inputFirewalls, strictIpv6 } = await examineHostFirewall();
  assert.deepEqual(forwardBlockers.toSorted(), ['inet firewalld filter_FORWARD', 'ip filter FORWARD']);
  assert.deepEqual(inputFirewalls, ['ufw', 'firewalld']);
  assert.equal(strictIpv6, true);
  assert.equal(execFileSync('nft', ['list', 'ruleset']).toString(), before);
});

function nft(...statements: string[]): void {
  execFileSync('nft', ['-f', '-'], { input: `${statements.join('\n')}\n` });
}
