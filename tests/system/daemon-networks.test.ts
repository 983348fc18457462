import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { peer, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const own = `10.214.${process.pid % 250}`;
const pools = `10.215.${process.pid % 250}`;
let daemon: TestDaemon;

before(async () => {
  const flags = [
    `bip=${own}.1/24`,
    `fixed-cidr=${own}.128/25`,
    `default-gateway=${own}.9`,
    `default-address-pool=base=${pools}.0/24,size=28`,
    'mtu=1400',
    'icc=false',
    'ip=127.0.0.1',
    'host-gateway-ip=10.8.8.8',
    'dns=10.9.9.9',
    'dns-search=corp.example',
    'dns-opt=ndots:3',
  ];
  const newer = [
    'ipv6',
    'allow-direct-routing',
    'bridge-accept-fwmark=0x7/0xf',
    'fixed-cidr-v6=fd00:214::/64',
    'default-network-opt=bridge=com.docker.network.driver.mtu=1300',
  ];
  daemon = await TestDaemon.start(
    [...flags, ...(peer === undefined ? newer : [])].map((flag) => `--${flag}`),
  );
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

const shell = (script: string, ...flags: string[]): Promise<string> =>
  daemon.ok('run', '--rm', ...flags, image, 'sh', '-c', script);

describe('the daemon’s options of networks', () => {
  test('make the default bridge: its addresses, gateway and MTU', async () => {
    const text = await shell('ip -4 -o addr show eth0; ip route; cat /sys/class/net/eth0/mtu');
    assert.match(text, new RegExp(`inet ${own}\\.(?:1[3-9]\\d|12[89]|2\\d\\d)/24`));
    assert.match(text, new RegExp(`^default via ${own}\\.9 `, 'm'));
    assert.match(text, /^1400$/m);
  });

  test('are what containers know of names unless they ask for something', async () => {
    const text = await shell('cat /etc/resolv.conf /etc/hosts', '--add-host', 'up:host-gateway');
    assert.match(text, /^nameserver 10\.9\.9\.9$/m);
    assert.match(text, /^search corp\.example$/m);
    assert.match(text, /^options ndots:3$/m);
    assert.match(text, /^10\.8\.8\.8\s+up$/m);
    assert.match(await shell('cat /etc/resolv.conf', '--dns', '10.7.7.7'), /^nameserver 10\.7\.7\.7$/m);
  });

  test('publish ports on one address, and keep the bridge’s containers apart', async () => {
    const id = await daemon.ok('run', '-d', '-p', '80', image, 'sleep', '1000');
    assert.match(await daemon.ok('port', id, '80'), /^127\.0\.0\.1:\d+$/);
    const format = '{{.NetworkSettings.Networks.bridge.IPAddress}}';
    const address = await daemon.ok('inspect', '-f', format, id);
    const asked = `ping -c 1 -W 1 ${address} >/dev/null || echo apart`;
    assert.equal(await shell(asked), 'apart');
    await daemon.ok('rm', '-f', id);
  });

  if (peer === undefined) {
    test('open published ports by the container’s address, and networks to marked packets', async () => {
      const publish = ['-p', '0.0.0.0::80', '-p', '127.0.0.1::81'];
      const id = await daemon.ok('run', '-d', ...publish, image, 'sleep', '1000');
      const format = '{{.NetworkSettings.Networks.bridge.IPAddress}}';
      const address = await daemon.ok('inspect', '-f', format, id);
      const table = execFileSync('nft', ['list', 'table', 'inet', `gantry_${daemon.bridge}`]).toString();
      const direct = /set direct4 \{[^}]*elements = \{([^}]*)\}/.exec(table)?.[1]?.trim();
      assert.equal(direct, `tcp . ${address} . 80`);
      assert.match(table, /chain into_network \{\s*meta mark & 0x0000000f == 0x00000007 accept/);
      await daemon.ok('rm', '-f', id);
    });
  }

  test('leave linked containers the ports that they expose', async () => {
    const serving = 'httpd -p 81 -h /etc; exec httpd -f -p 80 -h /etc';
    await daemon.ok('run', '-d', '--name', 'db', '--expose', '80', image, 'sh', '-c', serving);
    const asked = (port: number, ...flags: string[]): Promise<string> =>
      shell(`timeout 2 wget -qO- http://$DB_PORT_80_TCP_ADDR:${port}/hostname || echo closed`, ...flags);
    assert.match(await asked(80, '--link', 'db'), /^[0-9a-f]{12}$/);
    assert.equal(await asked(81, '--link', 'db'), 'closed');
    const format = '{{.NetworkSettings.Networks.bridge.IPAddress}}';
    const address = await daemon.ok('inspect', '-f', format, 'db');
    assert.equal(await asked(80, '-e', `DB_PORT_80_TCP_ADDR=${address}`), 'closed');
    await daemon.ok('rm', '-f', 'db');
  });

  test('give networks their subnets and options', async () => {
    await daemon.ok('network', 'create', 'pooled');
    const subnet = await daemon.ok('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', 'pooled');
    assert.match(subnet, new RegExp(`^${pools}\\.\\d+/28$`));
    if (peer === undefined) {
      const mtu = await shell('cat /sys/class/net/eth0/mtu', '--network', 'pooled');
      assert.equal(mtu, '1300');
      assert.match(await shell('ip -6 -o addr show eth0'), / inet6 fd00:214::/);
    }
    const told = await daemon.ok('info', '-f', '{{range .DefaultAddressPools}}{{.Base}} {{.Size}}{{end}}');
    assert.equal(told, `${pools}.0/24 28`);
    await daemon.ok('network', 'rm', 'pooled');
  });
});
