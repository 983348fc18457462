import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ContainerInspectResponse, Network } from '@gantry/api-types';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

for (const [index, program] of programs.entries()) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const ok = async (...args: string[]): Promise<string> => {
    const finished = await call(...args);
    assert.equal(finished.exitCode, 0, `${args.join(' ')}: ${finished.stderr}`);
    return finished.stdout.trim();
  };
  const refused = async (...args: string[]): Promise<string> => {
    const finished = await call(...args);
    assert.notEqual(finished.exitCode, 0, finished.stdout);
    return finished.stderr;
  };
  const named = (name: string): string => `${name}-${program}`;
  const subnet = `10.213.${(process.pid + index) % 250}`;
  const background = (name: string, ...flags: string[]): Promise<string> =>
    ok('run', '-d', '--name', named(name), ...flags, image, 'sleep', '1000');
  const addressOn = (network: string, container: string): Promise<string> =>
    ok('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, container);
  /** The address that a name has inside a container. */
  const resolved = async (container: string, name: string): Promise<string> => {
    const { stdout } = await call('exec', container, 'ping', '-4', '-c', '1', '-W', '5', name);
    return /\((\S+?)\)/.exec(stdout)?.[1] ?? stdout;
  };
  const gone = (...names: string[]): Promise<string> => ok('rm', '-f', ...names.map(named));

  /** What the daemon does, whichever CLI asks: tried with one. */
  const once = program === 'docker' ? test : () => {};

  describe(`networks by ${program}`, () => {
    test('carry names: a container is found by its name, aliases, short id, and by a new name', async () => {
      const net = named('names');
      await ok('network', 'create', net);
      const id = await background('db', '--network', net, '--network-alias', 'store');
      const asker = await background('asker', '--network', net);
      const address = await addressOn(net, id);
      for (const name of [named('db'), 'store', id.slice(0, 12)]) {
        assert.equal(await resolved(asker, name), address, name);
      }
      assert.match(await ok('exec', asker, 'cat', '/etc/resolv.conf'), /^nameserver 127\.0\.0\.11$/m);
      assert.match(await ok('exec', asker, 'cat', '/etc/resolv.conf'), /^options .*ndots:0/m);
      await ok('rename', named('db'), named('renamed'));
      assert.equal(await resolved(asker, named('renamed')), address);
      await gone('renamed', 'asker');
      await ok('network', 'rm', net);
    });

    once('take a running container in and let it go, with its names and interfaces', async () => {
      const [net, other] = [named('live'), named('other')];
      await ok('network', 'create', net);
      await ok('network', 'create', other);
      const id = await background('moving', '--network', net);
      const asker = await background('staying', '--network', other);
      await ok('network', 'connect', '--alias', 'guest', other, id);
      const address = await addressOn(other, id);
      assert.equal(await resolved(asker, 'guest'), address);
      assert.match(await ok('exec', id, 'ip', '-4', '-o', 'addr'), new RegExp(`eth1 +inet ${address}/`));
      assert.match(await ok('exec', id, 'cat', '/etc/hosts'), new RegExp(`^${address}\t`, 'm'));
      assert.match(await refused('network', 'connect', other, id), /already exists in network/);
      await ok('network', 'disconnect', other, id);
      assert.doesNotMatch(await ok('exec', id, 'ip', '-o', 'link'), /eth1/);
      assert.doesNotMatch(await ok('exec', id, 'cat', '/etc/hosts'), new RegExp(`^${address}\t`, 'm'));
      assert.equal(await ok('inspect', '-f', '{{len .NetworkSettings.Networks}}', id), '1');
      assert.match(await refused('network', 'disconnect', other, id), /is not connected to (?:the )?network/);
      await gone('moving', 'staying');
      await ok('network', 'rm', net, other);
    });

    once('keep a static address over a restart, and refuse it where it cannot be', async () => {
      const net = named('static');
      await ok('network', 'create', '--subnet', `${subnet}.0/24`, '--gateway', `${subnet}.9`, net);
      const id = await background('fixed', '--network', net, '--ip', `${subnet}.77`);
      assert.match(await ok('exec', id, 'ip', 'route'), new RegExp(`default via ${subnet}\\.9 `));
      await ok('restart', '-t', '0', id);
      assert.equal(await addressOn(net, id), `${subnet}.77`);
      const run = ['run', '--rm', '--network', net];
      assert.match(await refused(...run, '--ip', `${subnet}.77`, image, 'true'), /Address already in use/);
      assert.match(
        await refused(...run, '--ip', '10.99.0.1', image, 'true'),
        /no configured subnet|[Ii]nvalid address|not.*subnet/,
      );
      assert.match(
        await refused('network', 'create', '--subnet', `${subnet}.128/25`, named('overlap')),
        /Pool overlaps with other one on this address space/,
      );
      assert.match(
        await refused('run', '--rm', '--ip', '10.1.1.1', image, 'true'),
        /user specified IP address is supported on user defined networks only/,
      );
      await gone('fixed');
      await ok('network', 'rm', net);
    });

    once('are connected and disconnected of a container that does not run, for its next start', async () => {
      const net = named('later');
      await ok('network', 'create', net);
      await ok('create', '--name', named('stopped'), image, 'sleep', '1000');
      await ok('network', 'connect', net, named('stopped'));
      await ok('network', 'disconnect', 'bridge', named('stopped'));
      await ok('start', named('stopped'));
      const links = await ok('exec', named('stopped'), 'ip', '-o', 'link');
      assert.match(links, /eth0/);
      assert.doesNotMatch(links, /eth1/);
      assert.match(await addressOn(net, named('stopped')), /^\d+\.\d+\.\d+\.\d+$/);
      await gone('stopped');
      await ok('network', 'rm', net);
    });

    once('take in a container that was started on none, when it has left that', async () => {
      const net = named('from-none');
      await ok('network', 'create', net);
      const flags = ['-d', '--name', named('alone'), '--network', 'none', '-p', '127.0.0.1::80'];
      const id = await ok('run', ...flags, image, 'httpd', '-f', '-h', '/etc');
      await ok('network', 'disconnect', 'none', id);
      assert.equal(await ok('inspect', '-f', '{{len .NetworkSettings.Networks}}', id), '0');
      await ok('network', 'connect', '--alias', 'late', net, id);
      const address = await addressOn(net, id);
      const asker = await background('asker', '--network', net);
      assert.equal(await resolved(asker, 'late'), address);
      assert.match(await ok('exec', id, 'cat', '/etc/hosts'), new RegExp(`^${address}\t`, 'm'));
      const published = await fetch(`http://${(await ok('port', id, '80')).trim()}/hostname`);
      assert.equal((await published.text()).trim(), id.slice(0, 12));
      await ok('restart', '-t', '0', id);
      assert.match(await addressOn(net, id), /^\d+\.\d+\.\d+\.\d+$/);
      await ok('network', 'disconnect', net, id);
      await ok('network', 'connect', 'none', id);
      assert.match(await refused('network', 'connect', net, id), /private \(none\) mode/);
      await gone('alone', 'asker');
      await ok('network', 'rm', net);
    });

    test('are listed, filtered, inspected, refused while in use, removed and pruned', async () => {
      const [net, unused] = [named('listed'), named('unused')];
      const id = await ok('network', 'create', '--label', `of=${program}`, '--internal', net);
      await ok('network', 'create', '--label', `of=${program}`, unused);
      const names = async (...filters: string[]): Promise<string[]> => {
        const flags = [`label=of=${program}`, ...filters].flatMap((filter) => ['--filter', filter]);
        return (await ok('network', 'ls', '--format', '{{.Name}}', ...flags)).split('\n').sort();
      };
      assert.deepEqual(await names(), [net, unused]);
      assert.deepEqual(await names('driver=bridge', 'type=custom', 'scope=local'), [net, unused]);
      assert.deepEqual(await names(`name=listed`), [net]);
      assert.deepEqual(await names(`id=${id.slice(0, 20)}`), [net]);
      assert.deepEqual(await names('type=builtin'), ['']);
      const container = await background('member', '--network', net);
      const format = `{{.Internal}} {{.Driver}} {{(index .Containers "${container}").Name}} {{len .IPAM.Config}}`;
      const configs = peer === undefined ? '[12]' : '1';
      assert.match(
        await ok('network', 'inspect', '-f', format, id.slice(0, 12)),
        new RegExp(`^true bridge ${named('member')} ${configs}$`),
      );
      assert.equal(await ok('ps', '-q', '--filter', `network=${net}`), container.slice(0, 12));
      assert.match(
        await refused('network', 'rm', net),
        new RegExp(`error while removing network: network ${net} .*has active endpoints`),
      );
      const pruned = await ok('network', 'prune', '-f', '--filter', `label=of=${program}`);
      assert.equal(pruned, `Deleted Networks:\n${unused}`);
      await gone('member');
      await ok('network', 'rm', net);
    });

    test('are refused with Docker’s words and exit codes', async () => {
      const net = named('twice');
      await ok('network', 'create', net);
      assert.match(
        await refused('network', 'create', net),
        new RegExp(`network with name ${net} already exists`),
      );
      assert.match(
        await refused('network', 'create', 'host'),
        /operation is not permitted on predefined host/,
      );
      assert.match(
        await refused('network', 'rm', 'bridge'),
        /bridge is a pre-defined network and cannot be removed/,
      );
      assert.match(
        await refused('network', 'rm', 'nowhere'),
        /[Nn]etwork nowhere not found|No such network: nowhere/,
      );
      assert.match(
        await refused('network', 'create', '-d', 'nodriver', named('x')),
        /plugin .*not found|could not find plugin/,
      );
      const missing = await call('run', '--name', named('missing'), '--network', 'nowhere', image, 'true');
      assert.equal(missing.exitCode, 125);
      assert.match(missing.stderr, /network nowhere not found/);
      assert.equal(await ok('inspect', '-f', '{{.State.Status}}', named('missing')), 'created');
      const none = await background('none', '--network', 'none');
      assert.match(
        await refused('network', 'connect', net, none),
        /container cannot be connected to multiple networks with one of the networks in private \(none\) mode/,
      );
      const host = await background('host', '--network', 'host');
      assert.match(
        await refused('network', 'connect', net, host),
        /container sharing network namespace with another container or host cannot be connected/,
      );
      assert.match(
        await refused('network', 'disconnect', 'host', host),
        /cannot be disconnected from host network|cannot disconnect container from host network/,
      );
      await gone('missing', 'none', 'host');
      await ok('network', 'rm', net);
    });

    once('the default bridge has links: hosts, variables, and no name without one', async () => {
      const id = await background('linked', '--expose', '5432', '-e', 'MODE=fast');
      const flags = ['run', '--rm', '--link', `${named('linked')}:store`];
      const text = await ok(...flags, image, 'sh', '-c', 'cat /etc/hosts; env; ping -c 1 -W 5 store');
      const address = await addressOn('bridge', id);
      assert.match(text, new RegExp(`^${address}\\s+store ${id.slice(0, 12)} ${named('linked')}$`, 'm'));
      assert.match(text, new RegExp(`^STORE_PORT_5432_TCP=tcp://${address}:5432$`, 'm'));
      assert.match(text, /^STORE_ENV_MODE=fast$/m);
      assert.match(text, / 0% packet loss/);
      assert.match(
        await refused('run', '--rm', '--link', 'nobody', image, 'true'),
        /could not get container for nobody/i,
      );
      await gone('linked');
    });

    once('host-gateway is an address of the host', async () => {
      const id = await background('behind');
      const gateway = await ok('inspect', '-f', '{{.NetworkSettings.Networks.bridge.Gateway}}', id);
      const hosts = await ok('run', '--rm', '--add-host', 'up:host-gateway', image, 'cat', '/etc/hosts');
      assert.match(hosts, new RegExp(`^${gateway}\\s+up$`, 'm'));
      await gone('behind');
    });

    const several = { ...needsDocker28(program), ...(peer !== undefined && { skip: 'needs API 1.44' }) };
    test('a container is on several from its start, with a default route by priority', several, async () => {
      const [net, other] = [named('a'), named('b')];
      await ok('network', 'create', net);
      await ok('network', 'create', other);
      const wish = `name=${other},alias=here,gw-priority=5,mac-address=02:42:0a:00:00:07`;
      const id = await background('many', '--network', net, '--network', wish);
      const gateway = await ok(
        'inspect',
        '-f',
        `{{(index .NetworkSettings.Networks "${other}").Gateway}}`,
        id,
      );
      assert.match(await ok('exec', id, 'ip', 'route'), new RegExp(`^default via ${gateway} `, 'm'));
      assert.match(await ok('exec', id, 'ip', '-o', 'link'), /02:42:0a:00:00:07/);
      assert.equal(await resolved(id, 'here'), await addressOn(other, id));
      await gone('many');
      await ok('network', 'rm', net, other);
    });
  });
}

describe('what Compose sends', () => {
  const project = 'shop';
  const labels = { 'com.docker.compose.project': project, 'com.docker.compose.version': '2.36.0' };
  const create = async (service: string, network: string, settings: object = {}): Promise<string> => {
    const name = `${project}-${service}-1`;
    const endpoint = {
      IPAMConfig: null,
      Links: null,
      Aliases: [name, service],
      MacAddress: '',
      DriverOpts: null,
    };
    const { Id } = await daemon.api.json<{ Id: string }>({
      method: 'POST',
      path: '/containers/create',
      query: { name },
      json: {
        Image: image,
        Cmd: ['sleep', '1000'],
        Labels: { ...labels, 'com.docker.compose.service': service },
        HostConfig: { NetworkMode: network, RestartPolicy: { Name: '' }, ...settings },
        NetworkingConfig: { EndpointsConfig: { [network]: endpoint } },
      },
    });
    return Id;
  };

  test('makes a project’s network, and its services find each other', async () => {
    const network = `${project}_default`;
    const filters = JSON.stringify({
      name: { [network]: true },
      label: { 'com.docker.compose.project=shop': true },
    });
    const listed = (): Promise<Network[]> =>
      daemon.api.json({ method: 'GET', path: '/networks', query: { filters } });
    assert.deepEqual(await listed(), []);
    await daemon.api.json({
      method: 'POST',
      path: '/networks/create',
      json: {
        CheckDuplicate: true,
        Name: network,
        Driver: 'bridge',
        IPAM: { Driver: 'default', Config: [] },
        Labels: { ...labels, 'com.docker.compose.network': 'default' },
      },
    });
    const [made] = await listed();
    assert.equal(made?.Labels?.['com.docker.compose.network'], 'default');
    const db = await create('db', network);
    const web = await create('web', network, { Links: [] });
    for (const id of [db, web]) await daemon.api.send({ method: 'POST', path: `/containers/${id}/start` });
    const found = await daemon.ok('exec', web, 'ping', '-4', '-c', '1', '-W', '5', 'db');
    const shown = await daemon.api.json<ContainerInspectResponse>({
      method: 'GET',
      path: `/containers/${db}/json`,
    });
    const endpoint = shown.NetworkSettings?.Networks?.[network];
    assert.ok(found.includes(`(${endpoint?.IPAddress})`), found);
    assert.equal(endpoint?.NetworkID, made?.Id);
    await daemon.ok('rm', '-f', db, web);
    await daemon.api.send({ method: 'DELETE', path: `/networks/${network}` });
    assert.deepEqual(await listed(), []);
  });
});
