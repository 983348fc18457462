import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { BridgeLab, type LabContainer } from '../../testing/bridge-lab.ts';
import { wire } from '../../testing/network-host.ts';
import { ask, serve } from '../../testing/network-probe.ts';
import type { PortRequest } from '../network-controller.ts';
import { type PortReservation, portRules } from '../ports/port-publisher.ts';

const both = { ipv4: true, ipv6: true, defaultAddress: '' };

test('what somebody takes away is put back: all rules, our table, a chain, a set, an element', async () => {
  await using lab = new BridgeLab();
  const { web, reservation } = await publishedContainer(lab);
  using _reservation = reservation;
  nft('add rule inet gantry_lab GANTRY-USER ip saddr 192.0.2.77 drop');
  await lab.firewall.rememberUserRules();
  using _watch = await lab.watch();
  using _server = serve(web.namespacePath, 'tcp', 80);
  const whole = table();
  for (const harm of [
    'flush ruleset',
    'delete table inet gantry_lab',
    'flush chain inet gantry_lab forward',
    'flush set inet gantry_lab bridges',
    'delete element inet gantry_lab published4 { tcp . 8080 }',
  ]) {
    nft(harm);
    await seen(whole);
  }
  assert.equal(await ask({ from: lab.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
  assert.equal(await ask({ from: lab.neighbour, address: wire.host6, port: 8080 }), wire.neighbour6);
});

test('the administrator’s own reload of all rules decides what GANTRY-USER has', async () => {
  await using lab = new BridgeLab();
  using _reservation = (await publishedContainer(lab)).reservation;
  nft('add rule inet gantry_lab GANTRY-USER ip saddr 192.0.2.77 drop');
  await lab.firewall.rememberUserRules();
  using _watch = await lab.watch();
  const wanted = table().replace('192.0.2.77', '192.0.2.79');
  nft('flush ruleset; table inet gantry_lab { chain GANTRY-USER { ip saddr 192.0.2.79 drop; }; }');
  await seen(wanted);
});

test('what the engine changes itself is no reason to write anything', async () => {
  await using lab = new BridgeLab();
  const { web, reservation } = await publishedContainer(lab);
  using _reservation = reservation;
  using _watch = await lab.watch();
  const whole = table();
  const many = Array.from({ length: 300 }, (_, index) => port(9000 + index));
  const another = lab.publisher.reserve(many, both);
  await lab.publisher.publish(another, web);
  await lab.publisher.unpublish(another);
  another[Symbol.dispose]();
  await lab.firewall.restore();
  assert.equal(table(), whole);
  const { scripts } = lab;
  // News come in order: whoever took those for somebody else's would have written by the time that this is put back.
  nft('flush set inet gantry_lab bridges');
  await seen(whole);
  assert.equal(lab.scripts, scripts + 1);
});

test('a firewall that is loaded or reloaded later gets the accepts that it needs, once', async () => {
  await using lab = new BridgeLab();
  const { web, reservation } = await publishedContainer(lab);
  using _reservation = reservation;
  using _watch = await lab.watch();
  using _server = serve(web.namespacePath, 'tcp', 80);
  const firewalld = `table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; policy accept;
    ct state established,related accept; reject with icmpx admin-prohibited; }; }`;
  for (let load = 0; load < 2; load++) {
    nft(`add table inet firewalld; delete table inet firewalld; ${firewalld}`);
    for (const [from, address] of [
      [lab.neighbour, wire.host],
      [lab.neighbour, wire.host6],
    ] as const) {
      while ((await ask({ from, address, port: 8080, timeoutMs: 2000 })) === undefined);
    }
  }
  const shown = execFileSync('nft', ['list', 'table', 'inet', 'firewalld']).toString();
  assert.equal(shown.match(/gantry: lab1/g)?.length, 2);
  nft('delete table inet firewalld');
});

test('the administrator’s rules hold before ours, and stay when the engine starts again or is done', async () => {
  await using lab = new BridgeLab();
  const { web, reservation } = await publishedContainer(lab);
  using _reservation = reservation;
  using _server = serve(web.namespacePath, 'tcp', 80);
  nft(`add rule inet gantry_lab GANTRY-USER ip saddr ${wire.neighbour} drop`);
  nft('add set inet gantry_lab mine { type ipv4_addr; }');
  const neighbour = { from: lab.neighbour, port: 8080 };
  const again = lab.openFirewall();
  for (const reset of [
    () => Promise.resolve(),
    () => again.reset(lab.networks, portRules(reservation.ports, web)),
  ]) {
    await reset();
    assert.equal(await ask({ ...neighbour, address: wire.host, timeoutMs: 400 }), undefined);
    assert.equal(await ask({ ...neighbour, address: wire.host6 }), wire.neighbour6);
  }
  await again.remove();
  assert.match(table(), /chain GANTRY-USER \{ ip saddr 192\.0\.2\.2 drop \}/);
  assert.doesNotMatch(table(), /chain forward|published4/);
  nft('flush chain inet gantry_lab GANTRY-USER');
  await again.reset([], []);
  await again.remove();
  assert.throws(table);
});

async function publishedContainer(
  lab: BridgeLab,
): Promise<{ web: LabContainer; reservation: PortReservation }> {
  await lab.firewall.reset([], []);
  const web = lab.addContainer(await lab.addNetwork(1), 2);
  const reservation = lab.publisher.reserve([port(8080)], both);
  await lab.publisher.publish(reservation, web);
  return { web, reservation };
}

/** Resolves when the table is `expected`. */
async function seen(expected: string): Promise<void> {
  for (;;) {
    try {
      if (table() === expected) return;
    } catch {
      // It is not there yet.
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The table in words, with the elements of each set in order: the kernel keeps them in none. */
function table(): string {
  const shown = execFileSync('nft', ['--stateless', 'list', 'table', 'inet', 'gantry_lab'], {
    stdio: 'pipe',
  });
  return shown
    .toString()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(
      /elements = \{ ([^}]*) \}/g,
      (_, list: string) => `elements = { ${list.split(', ').sort().join(', ')} }`,
    );
}

function nft(script: string): void {
  execFileSync('nft', ['--file', '-'], { input: script.replaceAll('; ', '\n'), stdio: 'pipe' });
}

function port(hostPort: number): PortRequest {
  return {
    protocol: 'tcp',
    containerPort: 80,
    hostAddress: '',
    hostPortFirst: hostPort,
    hostPortLast: hostPort,
  };
}
