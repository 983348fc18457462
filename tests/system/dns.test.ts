import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const resolver = '127.0.0.11';
const sleep = ['sleep', '1000'];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  await daemon.ok('network', 'create', 'front');
  await daemon.ok('network', 'create', '--internal', 'closed');
});
after(async () => {
  const ids = (await daemon.ok('ps', '-aq')).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await daemon.ok('rm', '-f', ...ids);
  await daemon.ok('network', 'rm', 'front', 'closed');
  await daemon[Symbol.asyncDispose]();
});

for (const program of programs) {
  describe(`names on a user-defined network, by ${program}`, () => {
    const cli = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await daemon[program](args);
      assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}${stdout}`);
      return stdout.replace(/\n$/, '');
    };
    const runOn = (network: string, ...args: string[]): Promise<string> =>
      cli('run', '-d', '--network', network, ...args, image, ...sleep);
    /** The addresses that each of the names has inside the container, in one exec. */
    const lookUpAll = async (container: string, ...names: string[]): Promise<string[][]> => {
      const script = `for name; do nslookup -type=a "$name" ${resolver}; echo end; done`;
      const printed = await cli('exec', container, 'sh', '-c', script, 'sh', ...names);
      return printed
        .split(/^end$/m)
        .slice(0, -1)
        .map((part) => addressesIn(part).sort());
    };
    const lookUp = async (container: string, name: string): Promise<string[]> =>
      (await lookUpAll(container, name))[0] ?? [];
    const addressOf = (container: string, network = 'front'): Promise<string> =>
      cli('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, container);

    test('names, aliases, short ids and links are found, and all that have an alias', async () => {
      const web = await runOn('front', '--name', 'web', '--network-alias', 'app');
      const two = await runOn('front', '--name', 'two', '--network-alias', 'app', '--link', 'web:db');
      const asker = await runOn('front', '--name', 'asker');
      const [address, second] = [await addressOf('web'), await addressOf('two')];
      const names = ['web', 'WEB', 'web.front', web.slice(0, 12), 'db', 'app'];
      const one = [address];
      assert.deepEqual(await lookUpAll('asker', ...names), [
        one,
        one,
        one,
        one,
        [],
        [address, second].sort(),
      ]);
      assert.deepEqual(await lookUp('two', 'db'), one);
      const told = await cli('exec', 'asker', 'nslookup', address, resolver);
      assert.match(told, /name = web\.front/);
      const script = 'ping -c 1 -q web > /dev/null && cat /etc/resolv.conf';
      const resolvConf = await cli('exec', 'asker', 'sh', '-c', script);
      assert.match(resolvConf, /^nameserver 127\.0\.0\.11$/m);
      assert.match(resolvConf, /^options .*ndots:0$/m);
      await cli('rename', 'web', 'site');
      assert.deepEqual(await lookUp('asker', 'site'), [address]);
      await cli('rm', '-f', web);
      assert.deepEqual(await lookUp('asker', 'site'), []);
      await cli('rm', '-f', two, asker);
    });

    test('connecting brings a name and a resolver, disconnecting takes the name', async () => {
      const asker = await runOn('front', '--name', 'asker');
      const late = await cli('run', '-d', '--name', 'late', image, ...sleep);
      assert.deepEqual(await lookUp('asker', 'late'), []);
      await cli('network', 'connect', '--alias', 'latecomer', 'front', 'late');
      const address = await addressOf('late');
      assert.deepEqual(await lookUpAll('asker', 'late', 'latecomer'), [[address], [address]]);
      assert.deepEqual(await lookUp('late', 'asker'), [await addressOf('asker')]);
      await cli('network', 'disconnect', 'front', 'late');
      assert.deepEqual(await lookUp('asker', 'late'), []);
      await cli('rm', '-f', asker, late);
    });

    test("port 53 is the container's own", async () => {
      const script = 'nc -l -p 53 & sleep 1000';
      const server = await cli(
        'run',
        '-d',
        '--network',
        'front',
        '--name',
        'server',
        image,
        'sh',
        '-c',
        script,
      );
      await cli('exec', server, 'sh', '-c', "until netstat -ltn | grep -q ':53 '; do usleep 20000; done");
      assert.deepEqual(await lookUp('server', 'server'), [await addressOf('server')]);
      await cli('rm', '-f', server);
    });

    test('an internal network has its own names and nothing outside', async () => {
      const inside = await runOn('closed', '--name', 'inside');
      const other = await runOn('closed', '--name', 'other');
      const found = [await addressOf('other', 'closed')];
      assert.deepEqual(await lookUpAll('inside', 'other', 'example.com'), [found, []]);
      await cli('rm', '-f', inside, other);
    });
  });
}

test('names are answered again by an engine that was killed and came back', {
  skip: peer !== undefined && 'a dockerd without live-restore stops its containers',
}, async () => {
  await daemon.ok('run', '-d', '--network', 'front', '--name', 'web', image, ...sleep);
  const id = await daemon.ok('run', '-d', '--network', 'front', '--name', 'asker', image, ...sleep);
  await daemon.end('SIGKILL');
  await daemon.restart();
  const found = await daemon.ok('exec', id, 'nslookup', '-type=a', 'web', resolver);
  assert.equal(addressesIn(found).length, 1);
});

/** The addresses that busybox's nslookup tells, but for that of the server. */
function addressesIn(output: string): string[] {
  return [...output.matchAll(/^Address(?: \d+)?: ([\d.]+)$/gm)].map(([, address = '']) => address);
}
