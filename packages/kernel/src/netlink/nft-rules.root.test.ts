import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { NetlinkSocket } from './netlink-socket.ts';
import { changeRules, listChains, listRules, type NftChain } from './nft-rules.ts';

const chain: NftChain = { family: 'inet', table: 'theirs', name: 'FORWARD' };

test('chains of all tables are told, with what becomes of a packet that no rule accepts', () => {
  using socket = NetlinkSocket.open('netfilter');
  nft('table ip a { chain x { type filter hook forward priority 0; policy drop; }; chain y { }; }');
  nft('table ip6 b { chain x { type filter hook input priority 0; policy drop; }; }');
  nft('table arp c { chain x { type filter hook input priority 0; policy drop; }; }');
  assert.deepEqual(listChains(socket), [
    { family: 'ip', table: 'a', name: 'x', forwards: true, drops: true },
    { family: 'ip', table: 'a', name: 'y', forwards: false, drops: false },
    { family: 'ip6', table: 'b', name: 'x', forwards: false, drops: true },
  ]);
  nft('flush ruleset');
});

test('rules that refuse everything are told apart from those that refuse something', () => {
  using socket = NetlinkSocket.open('netfilter');
  nft(`table inet theirs { chain FORWARD { type filter hook forward priority 0; policy accept;
    tcp dport 25 drop; counter log drop comment "the end"; counter accept; drop; reject with icmpx admin-prohibited; }; }`);
  const rules = listRules(socket, chain);
  assert.deepEqual(
    rules.map(({ refusesAll }) => refusesAll),
    [false, true, false, true, true],
  );
  assert.deepEqual(rules.map(({ comment }) => comment).filter(Boolean), ['the end']);
  assert.deepEqual(listRules(socket, { ...chain, table: 'nobodys' }), []);
  execFileSync('iptables-nft', ['-A', 'FORWARD', '-j', 'REJECT']);
  const [refusal] = listRules(socket, { family: 'ip', table: 'filter', name: 'FORWARD' });
  assert.equal(refusal?.refusesAll, true);
  nft('flush ruleset');
});

test('rules are put in and taken out as nft does it, all of them or none', () => {
  using socket = NetlinkSocket.open('netfilter');
  nft('table inet theirs { chain FORWARD { type filter hook forward priority 0; policy accept; drop; }; }');
  const before = shown();
  const rule = { interfaceName: 'br-0123456789a', comment: 'gantry: br-0123456789a' } as const;
  changeRules(socket, chain, {
    inserted: [
      { ...rule, side: 'iifname' },
      { ...rule, side: 'oifname' },
    ],
  });
  assert.match(
    shown(),
    /oifname "br-0123456789a" accept comment "gantry: br-0123456789a"\n\s+iifname "br-0123456789a" accept comment "gantry: br-0123456789a"\n\s+drop/,
  );
  const [one, other] = listRules(socket, chain);
  assert.deepEqual([one?.comment, other?.comment], [rule.comment, rule.comment]);
  const handles = [one?.handle ?? 0n, other?.handle ?? 0n];
  assert.throws(() => changeRules(socket, chain, { removed: [...handles, 99_999n] }), {
    errnoName: 'ENOENT',
  });
  assert.equal(listRules(socket, chain).length, 3);
  changeRules(socket, chain, { removed: handles });
  assert.equal(shown(), before);
  nft('flush ruleset');
});

function nft(script: string): void {
  execFileSync('nft', ['--file', '-'], { input: script });
}

function shown(): string {
  return execFileSync('nft', ['list', 'table', 'inet', 'theirs']).toString();
}
