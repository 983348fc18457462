import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

interface Event {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: string;
  time: number;
  timeNano: number;
}

/** The docker CLI cuts an age such as `0s` to whole seconds, and would leave out what happened just now. */
const now = (): string => ((Date.now() + 1) / 1000).toFixed(3);

/** Everything here is true of our CLI and of the docker CLI alike, and was true of dockerd first. */
for (const program of programs) {
  const ok = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await daemon[program](args);
    assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trimEnd();
  };
  /** What happened from the first second on, chosen by filters. */
  const events = async (...filters: string[]): Promise<Event[]> => {
    const chosen = filters.flatMap((filter) => ['--filter', filter]);
    const lines = await ok('events', '--since', '1', '--until', now(), ...chosen, '--format', '{{json .}}');
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Event);
  };
  const actions = (list: readonly Event[]): string[] => list.map(({ Action }) => Action);

  describe(`${program} events`, () => {
    test('tells the life of a container, with what it did and to whom', async () => {
      const name = `life-${program}`;
      const flags = ['--network', 'none', '-l', 'tier=front', '-v', `${name}:/data`];
      await ok('run', '-d', '--name', name, ...flags, image, 'sleep', '1000');
      await ok('exec', name, 'true');
      await ok('pause', name);
      await ok('unpause', name);
      await ok('top', name);
      await ok('rename', name, `${name}-2`);
      await ok('kill', `${name}-2`);
      await ok('wait', `${name}-2`);
      await ok('rm', `${name}-2`);
      const label = `container=${name}-2`;
      const byId = [...(await events(label)), ...(await events(`container=${name}`))][0]?.Actor.ID ?? '';
      const all = await events('type=container', `container=${byId}`);
      const expected =
        'create|start|exec_create: true |exec_start: true |exec_die|pause|unpause|top|rename|kill|die|destroy';
      assert.equal(actions(all).join('|'), expected);
      const find = (action: string): Event => {
        const event = all.find(({ Action }) => Action === action);
        assert.ok(event !== undefined, action);
        return event;
      };
      const common = { image, name, tier: 'front' };
      assert.deepEqual(find('start').Actor.Attributes, common);
      assert.equal(find('start').scope, 'local');
      assert.equal(find('exec_die').Actor.Attributes['exitCode'], '0');
      assert.match(find('exec_die').Actor.Attributes['execID'] ?? '', /^[0-9a-f]{64}$/);
      assert.deepEqual(find('rename').Actor.Attributes, {
        ...common,
        name: `${name}-2`,
        oldName: `/${name}`,
      });
      assert.equal(find('kill').Actor.Attributes['signal'], '9');
      assert.equal(find('die').Actor.Attributes['exitCode'], '137');
      const times = all.map(({ timeNano }) => timeNano);
      assert.deepEqual(
        times,
        times.toSorted((left, right) => left - right),
      );
      const network = (await events('type=network')).filter(
        ({ Actor }) => Actor.Attributes['container'] === byId,
      );
      assert.deepEqual(
        network.map(({ Action, Actor }) => [Action, Actor.Attributes['name'], Actor.Attributes['type']]),
        [
          ['connect', 'none', 'null'],
          ['disconnect', 'none', 'null'],
        ],
      );
      await ok('volume', 'rm', name);
      const volume = await events('type=volume', `volume=${name}`);
      assert.deepEqual(actions(volume), ['create', 'mount', 'unmount', 'destroy']);
      assert.deepEqual(volume[1]?.Actor.Attributes, {
        container: byId,
        destination: '/data',
        driver: 'local',
        propagation: '',
        'read/write': 'true',
      });
    });

    test('tells what happened to images', async () => {
      const name = `events/${program}`;
      await ok('tag', image, `${name}:1`);
      await ok('save', '-o', `${daemon.root}/${program}.tar`, `${name}:1`);
      await ok('rmi', `${name}:1`);
      await ok('load', '-i', `${daemon.root}/${program}.tar`);
      await ok('rmi', `${name}:1`);
      const tagged = (await events('type=image', 'event=tag')).filter(({ Actor }) =>
        Actor.Attributes['name']?.startsWith(name),
      );
      const [{ Actor: actor } = { Actor: { ID: '' } }] = tagged;
      assert.match(actor.ID, /^sha256:[0-9a-f]{64}$/);
      const all = await events('type=image', `image=${actor.ID}`);
      const since = all.findIndex(({ Actor }) => Actor.Attributes['name']?.startsWith(name));
      assert.deepEqual(actions(all.slice(since)), ['tag', 'save', 'untag', 'load', 'untag']);
    });

    test('filters choose by event, label, image and type, and formats print what they are asked for', async () => {
      const label = `batch=${program}`;
      const name = `chosen-${program}`;
      const id = await ok('create', '--name', name, '-l', label, image, 'true');
      await ok('rm', name);
      assert.deepEqual(actions(await events(`label=${label}`)), ['create', 'destroy']);
      assert.deepEqual(actions(await events(`label=${label}`, 'event=destroy')), ['destroy']);
      assert.deepEqual(actions(await events(`label=${label}`, 'event=create', 'event=destroy')), [
        'create',
        'destroy',
      ]);
      assert.deepEqual(actions(await events(`label=${label}`, `image=${image}`, 'scope=local')), [
        'create',
        'destroy',
      ]);
      assert.deepEqual(actions(await events(`label=${label}`, 'type=volume')), []);
      const range = ['events', '--since', '1', '--until', now(), '--filter', `label=${label}`];
      assert.equal(
        await ok(...range, '--format', '{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}'),
        `container create ${id} ${name}\ncontainer destroy ${id} ${name}`,
      );
      const [first = ''] = (await ok(...range)).split('\n');
      const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ /.exec(first)?.[0] ?? '';
      assert.equal(
        first.slice(stamp.length),
        `container create ${id} (batch=${program}, image=${image}, name=${name})`,
      );
    });
  });
}

describe('events', { skip: peer !== undefined }, () => {
  test('outlive kill -9 of the engine, and a reader goes on behind the last one it saw', async () => {
    const lines = async (since: string): Promise<string[]> =>
      (await daemon.ok('events', '--since', since, '--until', now(), '--format', '{{.TimeNano}} {{.Action}}'))
        .split('\n')
        .filter((line) => line !== '');
    await daemon.ok('create', '--name', 'before', image, 'true');
    await daemon.end('SIGKILL');
    await daemon.restart();
    const seen = await lines('1');
    assert.match(seen.at(-1) ?? '', / create$/);
    await daemon.ok('rm', 'before');
    const last = BigInt(seen.at(-1)?.split(' ')[0] ?? 0) + 1n;
    const next = await lines(`${last / 1_000_000_000n}.${String(last % 1_000_000_000n).padStart(9, '0')}`);
    assert.deepEqual(
      next.map((line) => line.split(' ')[1]),
      ['destroy'],
    );
  });
});
