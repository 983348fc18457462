import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { NetworkHost, wire } from '../testing/network-host.ts';
import { ask, serve } from '../testing/network-probe.ts';
import { attachToBridge } from '../testing/requests.ts';

interface Firewall {
  name: string;
  install: () => void;
  /** What the firewall's own rules look like; the same before and after us. */
  show: () => string;
  /** Where our accepts are, as `show` prints them. */
  accepted: RegExp;
}

const firewalls: readonly Firewall[] = [
  {
    name: 'a chain with policy drop (iptables-nft, ufw)',
    install: () =>
      nft('table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'),
    show: () => run('nft', 'list', 'table', 'ip', 'filter'),
    accepted: /policy drop;\s+oifname "test0" accept comment "gantry: test0"\s+iifname "test0" accept/,
  },
  {
    name: 'a chain that ends in reject (firewalld)',
    install: () =>
      nft(`table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; policy accept;
        ct state established,related accept; reject with icmpx admin-prohibited; }; }`),
    show: () => run('nft', 'list', 'table', 'inet', 'firewalld'),
    accepted: /policy accept;\s+oifname "test0" accept comment "gantry: test0"/,
  },
  {
    name: 'a chain with a place for user rules (docker)',
    install: () =>
      nft(`table ip filter { chain DOCKER-USER { counter return; }
        chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER; }; }`),
    show: () => run('nft', '--stateless', 'list', 'table', 'ip', 'filter'),
    accepted: /chain DOCKER-USER \{\s+oifname "test0" accept comment "gantry: test0"/,
  },
  {
    name: 'the older tables of iptables',
    install: () => run('iptables-legacy', '--policy', 'FORWARD', 'DROP'),
    show: () => run('iptables-legacy', '--list-rules'),
    accepted: /-A FORWARD -o test0 -m comment --comment "gantry: test0" -j ACCEPT/,
  },
];

for (const { name, install, show, accepted } of firewalls) {
  test(`containers have a network in spite of ${name}, which is as before when the engine is gone`, async () => {
    await using host = new NetworkHost();
    install();
    const before = show();
    const first = await host.open();
    await first[Symbol.asyncDispose]();
    assert.equal(show(), before);
    await using controller = await host.open();
    await controller[Symbol.asyncDispose]();
    await using again = await host.open();
    assert.match(show(), accepted);
    assert.equal(show().match(/gantry: test0/g)?.length, 2);
    const one = await attachToBridge(again, 'one');
    const other = await attachToBridge(again, 'other');
    using _outside = serve(host.neighbour, 'tcp', 7);
    using _server = serve(one.namespacePath, 'tcp', 80);
    assert.equal(await ask({ from: one.namespacePath, address: wire.neighbour, port: 7 }), wire.host);
    assert.equal(await ask({ from: other.namespacePath, address: one.ipAddress, port: 80 }), other.ipAddress);
    await again.restore(new Set());
    await again[Symbol.asyncDispose]();
    assert.equal(show(), before);
    clear();
  });
}

test('a foreign chain is left alone when the configuration says so', async () => {
  await using host = new NetworkHost();
  const [firewall] = firewalls;
  firewall?.install();
  const before = firewall?.show();
  await using controller = await host.open({ foreignForwarding: 'leave' });
  const one = await attachToBridge(controller, 'one');
  using _outside = serve(host.neighbour, 'tcp', 7);
  assert.equal(
    await ask({ from: one.namespacePath, address: wire.neighbour, port: 7, timeoutMs: 400 }),
    undefined,
  );
  assert.equal(firewall?.show(), before);
  await controller.restore(new Set());
  clear();
});

test('chains that do not block are left alone', async () => {
  await using host = new NetworkHost();
  nft(
    `table inet other { chain forward { type filter hook forward priority 0; policy accept; tcp dport 25 drop; }; }`,
  );
  await using controller = await host.open();
  assert.doesNotMatch(run('nft', 'list', 'table', 'inet', 'other'), /gantry/);
  await controller.restore(new Set());
  clear();
});

function nft(script: string): void {
  execFileSync('nft', ['--file', '-'], { input: script });
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
}

function clear(): void {
  nft('flush ruleset');
  run('iptables-legacy', '--policy', 'FORWARD', 'ACCEPT');
}
