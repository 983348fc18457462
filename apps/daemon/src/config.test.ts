import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { loadConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { parseFlags } from './flags.ts';

function load(
  json: string,
  argv: string[] = [],
  environment: NodeJS.ProcessEnv = {},
): ReturnType<typeof loadConfig> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-config-'));
  try {
    const file = path.join(folder, 'daemon.json');
    writeFileSync(file, json);
    return loadConfig(parseFlags(['--config-file', file, ...argv]), environment);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('flags win over the environment, the environment over the file, the file over defaults', () => {
  const json = '{"exec-root":"/file-exec","bridge":"b1"}';
  const config = load(json, ['--data-root', '/flag'], {
    GANTRY_DATA_ROOT: '/env',
    GANTRY_EXEC_ROOT: '/env-exec',
  });
  assert.equal(config.dataRoot, '/flag');
  assert.equal(config.execRoot, '/env-exec');
  assert.equal(config.bridge, 'b1');
  assert.equal(config.pidFile, '/env-exec/gantryd.pid');
  assert.deepEqual(config.hosts, ['unix:///run/gantry/gantry.sock']);
  assert.ok(Object.isFrozen(config));
});

test('keys that match no option are refused as dockerd does, those that are not built by a word', () => {
  assert.throws(
    () => load('{"nonsense":1,"more":2}'),
    /daemon\.json: the following directives don't match any configuration option: nonsense, more$/,
  );
  assert.throws(() => load('{"containerd":"x"}'), /daemon\.json: 'containerd' is refused: there is no/);
  assert.throws(() => load('{"storage-driver":"btrfs"}'), /'storage-driver' can only be overlay2: layers/);
  load('{"storage-driver":"overlay2","iptables":true,"experimental":false}');
});

test('a key that is a flag too is refused as dockerd does', () => {
  assert.throws(
    () => load('{"labels":["a=b"],"debug":true}', ['--label', 'c=d', '--debug=false']),
    /: the following directives are specified both as a flag and in the configuration file: labels: \(from flag: \[c=d\], from file: \[a=b\]\), debug: \(from flag: false, from file: true\)$/,
  );
});

test('proxies stand in an object of their own, and an address for measures has a port', () => {
  const { proxies } = load('{"proxies":{"http-proxy":"http://a:1","no-proxy":"b"}}', [
    '--https-proxy',
    'c:2',
  ]);
  assert.deepEqual(proxies, { httpProxy: 'http://a:1', httpsProxy: 'c:2', noProxy: 'b' });
  assert.throws(() => load('{"http-proxy":"http://a:1"}'), /option: http-proxy \(outside of 'proxies'\)$/);
  assert.throws(() => load('{"proxies":{"ftp-proxy":"a"}}'), /option: proxies\.ftp-proxy$/);
  assert.throws(() => load('{"proxies":"http://a:1"}'), /'proxies' must be an object$/);
  assert.throws(
    () => load('{"proxies":{"http-proxy":"http://me:secret@a"}}', ['--http-proxy', 'http://you:secret@b']),
    /http-proxy: \(from flag: http:\/\/xxxxx:xxxxx@b, from file: http:\/\/xxxxx:xxxxx@a\)$/,
  );
  const addressOf = (text: string): unknown => load('{}', ['--metrics-addr', text]).metricsAddress;
  assert.deepEqual(addressOf('127.0.0.1:9323'), { host: '127.0.0.1', port: 9323 });
  assert.deepEqual(addressOf('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(addressOf(':9323'), { host: '0.0.0.0', port: 9323 });
  for (const text of ['x', '127.0.0.1', '1:2:3', 'a:70000']) {
    assert.throws(() => addressOf(text), /is not host:port/);
  }
});

test('the settings that a reload may change are read from file and flags', () => {
  const json =
    '{"runtimes":{"mine":{"path":"/opt/mine","runtimeArgs":["--x"]}},"labels":["a=b"],"live-restore":false,"features":{"buildkit":true}}';
  const { settings } = load(json, ['--default-runtime', 'mine', '--insecure-registry', 'r:5000']);
  assert.deepEqual(settings.runtimes, { mine: { path: '/opt/mine', args: ['--x'] } });
  assert.equal(settings.defaultRuntime, 'mine');
  assert.deepEqual(settings.labels, ['a=b']);
  assert.equal(settings.liveRestore, false);
  assert.deepEqual(settings.insecureRegistries, ['r:5000']);
  assert.deepEqual(settings.features, { buildkit: true });
  assert.deepEqual(load('{}', ['--add-runtime', 'a=/b']).settings.runtimes, { a: { path: '/b' } });
});

test('what opens networks further is read, and what contradicts itself is refused', () => {
  const { network } = load(
    '{"allow-direct-routing":true,"bridge-accept-fwmark":"0x1/0x3","ip-forward":false}',
  );
  assert.equal(network.allowDirectRouting, true);
  assert.deepEqual(network.acceptMark, { mark: 1, mask: 3 });
  assert.equal(network.forwardPackets, false);
  const { acceptMark } = load('{}', ['--bridge-accept-fwmark', '7']).network;
  assert.deepEqual(acceptMark, { mark: 7, mask: 0xffff_ffff });
  for (const mark of ['x', '1/2/3', '0x100000000', '-1', '1/']) {
    assert.throws(() => load(JSON.stringify({ 'bridge-accept-fwmark': mark })), /is not such as 0x1/);
  }
  assert.throws(() => load('{"allow-direct-routing":true,"publish-policy":"host"}'), /input rules decide/);
});

test('the share of real-time processes is in microseconds, and nothing when it is 0', () => {
  assert.deepEqual(load('{"cpu-rt-runtime":1000}').realtime, { runtimeUs: 1000 });
  assert.equal(load('{"cpu-rt-period":0}').realtime, undefined);
  assert.throws(() => load('{"cpu-rt-period":-1}'), /cpu-rt-period: -1 is not a time/);
});

test('settings that cannot be are refused', () => {
  assert.throws(() => load('{"labels":["plain"]}'), /bad attribute format: plain/);
  assert.throws(() => load('{"features":{"f":true}}'), /features: there is no feature 'f'$/);
  assert.throws(
    () => load('{"features":{"containerd-snapshotter":true}}'),
    /'containerd-snapshotter' can only be false$/,
  );
  assert.throws(() => load('{"registry-mirrors":["ftp://x"]}'), /invalid mirror/);
  assert.throws(() => load('{"max-concurrent-downloads":0}'), /invalid max concurrent downloads: 0/);
  assert.throws(() => load('{"authorization-plugins":["../x"]}'), /not the name of a plugin/);
  assert.throws(() => load('{"runtimes":{"a":{"runtimeType":"io.containerd.runc.v2"}}}'), /'runtimeType'/);
});

test('what containers get that do not say otherwise is read, and what cannot be is refused in dockerd’s words', () => {
  const config = load(
    `{"default-shm-size":"1.5G","default-ipc-mode":"shareable","default-cgroupns-mode":"host",
      "default-ulimits":{"nofile":{"Name":"nofile","Soft":10,"Hard":20}},"no-new-privileges":true,
      "seccomp-profile":"/etc/profile.json","oom-score-adjust":-500}`,
  );
  const { defaultShmSizeBytes, defaultIpcMode, defaultCgroupnsMode } = config.settings;
  assert.deepEqual(
    [defaultShmSizeBytes, defaultIpcMode, defaultCgroupnsMode],
    [1_610_612_736, 'shareable', 'host'],
  );
  assert.deepEqual(config.ulimits, [{ Name: 'nofile', Soft: 10, Hard: 20 }]);
  assert.equal(config.noNewPrivileges, true);
  assert.equal(config.seccompProfile, '/etc/profile.json');
  assert.equal(config.oomScoreAdjustment, -500);
  const flags = ['nofile=1', 'core=-1:-1', 'nofile=2:3'].flatMap((text) => ['--default-ulimit', text]);
  assert.deepEqual(load('{"default-shm-size":4096}', flags).ulimits, [
    { Name: 'nofile', Soft: 2, Hard: 3 },
    { Name: 'core', Soft: -1, Hard: -1 },
  ]);
  assert.equal(load('{}').seccompProfile, 'builtin');
  assert.throws(() => load('{"default-shm-size":"much"}'), /default-shm-size: invalid size/);
  assert.throws(() => load('{"default-shm-size":0}'), /invalid default shm size: 0/);
  assert.throws(
    () => load('{"default-ipc-mode":"host"}'),
    /IPC mode "host" is not supported as default value/,
  );
  assert.throws(() => load('{"default-ipc-mode":"x"}'), /default IPC mode setting \(x\) is invalid/);
  assert.throws(() => load('{"default-cgroupns-mode":"x"}'), /cgroup namespace mode \(x\) is invalid/);
  assert.throws(() => load('{"oom-score-adjust":1001}'), /oom-score-adjust: 1001 is not between/);
  assert.throws(() => load('{}', ['--default-ulimit', 'wings=1']), /invalid ulimit type: wings/);
  assert.throws(() => load('{}', ['--default-ulimit', 'nofile=x']), /invalid ulimit argument: nofile=x/);
  assert.throws(() => load('{"default-ulimits":{"nofile":7}}'), /'nofile' must be an object of Name, Soft/);
});

test('a broken file, a wrong type and a relative path are refused', () => {
  assert.throws(() => load('{'), ConfigError);
  assert.throws(() => load('[]'), /not a JSON object/);
  assert.throws(() => load('{"debug":"yes"}'), /'debug' must be a boolean/);
  assert.throws(() => load('{"data-root":"here"}'), /'here' is not an absolute path/);
  assert.throws(() => load('{"log-level":"loud"}'), /'loud' is none of/);
});

test('certificates without tlsverify are refused rather than ignored', () => {
  assert.throws(() => load('{"tlscert":"/c"}'), /tlscert without tlsverify/);
  assert.throws(() => load('{"tls":true}'), /tls without tlsverify/);
  assert.equal(load('{"tls":false,"tlsverify":false}').allowUnauthenticatedTcp, true);
  assert.equal(load('{"tls":false}').allowUnauthenticatedTcp, false);
});

test('a configuration file that was asked for and is missing is an error', () => {
  assert.throws(
    () => loadConfig(parseFlags(['--config-file', '/nonexistent/daemon.json']), {}),
    /cannot read/,
  );
});

test('networks’ options are read, and those that cannot be are refused', () => {
  const json = `{"dns":["10.0.0.9"],"dns-search":["corp"],"host-gateway-ips":["fd00::1","10.0.0.1"],
    "default-network-opts":{"bridge":{"com.docker.network.driver.mtu":1400,"a":"b=c"}}}`;
  assert.deepEqual(load(json, ['--dns-opt', 'ndots:2', '--dns-opt', 'rotate']).network, {
    dns: { servers: ['10.0.0.9'], search: ['corp'], options: ['ndots:2', 'rotate'] },
    hostGatewayAddresses: ['10.0.0.1', 'fd00::1'],
    defaultNetworkOptions: { bridge: { 'com.docker.network.driver.mtu': '1400', a: 'b=c' } },
    defaultBridge: { options: {} },
  });
  assert.deepEqual(load('{}', ['--default-network-opt', 'bridge=x=1']).network, {
    dns: {},
    defaultNetworkOptions: { bridge: { x: '1' } },
    defaultBridge: { options: {} },
  });
  assert.throws(() => load('{"dns":["nowhere"]}'), /dns: invalid IP address: nowhere/);
  assert.throws(() => load('{"dns-search":["a b"]}'), /dns-search: a b is not a valid domain/);
  assert.throws(() => load('{"default-network-opts":{"bridge":"x"}}'), /must be a map of maps/);
  assert.throws(() => load('{"host-gateway-ips":["10.0.0.1","10.0.0.2"]}'), /only one IPv4/);
});

test('the default bridge and the pools are read, and those that cannot be are refused', () => {
  const json = `{"default-address-pools":[{"base":"10.10.0.0/16","size":24}],"ipv6":true,"fixed-cidr-v6":"fd00:9::/64",
    "icc":false,"mtu":1400,"ip":"127.0.0.1","publish-policy":"host"}`;
  const { addressPools, defaultBridge, hostBindingAddress, publishPolicy } = load(json, [
    '--default-gateway=10.1.0.9',
    '--ip-masq=false',
  ]).network;
  assert.deepEqual(addressPools, [{ base: '10.10.0.0/16', size: 24 }]);
  assert.equal(hostBindingAddress, '127.0.0.1');
  assert.equal(publishPolicy, 'host');
  assert.throws(() => load('{"publish-policy":"me"}'), /publish-policy: 'me' is none of open, host/);
  assert.equal(load('{"iptables":false,"ip6tables":false}').network.packetFilter, 'none');
  assert.throws(() => load('{"ip6tables":false}'), /ip6tables: rules are of both families/);
  assert.throws(() => load('{"iptables":false,"icc":false}'), /ICC=false uses iptables to function/);
  assert.deepEqual(defaultBridge, {
    defaultGateway: '10.1.0.9',
    fixedCidrV6: 'fd00:9::/64',
    ipv6: true,
    options: {
      'com.docker.network.bridge.enable_icc': 'false',
      'com.docker.network.bridge.enable_ip_masquerade': 'false',
      'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1',
      'com.docker.network.driver.mtu': '1400',
    },
  });
  assert.deepEqual(load('{}', ['--default-address-pool', 'base=10.9.0.0/16,size=20']).network.addressPools, [
    { base: '10.9.0.0/16', size: 20 },
  ]);
  assert.throws(() => load('{"default-address-pools":[{"base":"x","size":1}]}'), /is not such as base=/);
  assert.throws(() => load('{"default-address-pools":{"base":"x"}}'), /must be a list of objects/);
  assert.throws(() => load('{"mtu":7}'), /mtu: 7 is not between 68 and 65535/);
  assert.throws(() => load('{"ip":"everywhere"}'), /ip: invalid IP address: everywhere/);
});
