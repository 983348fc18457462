import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

/** Devices by kind and by name, which specification files (CDI) describe. dockerd 20.10 knows none: it refuses them. */
const image = 'mirror/busybox';
const hostInterface = `gtn${process.pid}`;
let daemon: TestDaemon;
let directory: string;

before(async () => {
  directory = mkdtempSync('/tmp/gantry-cdi-');
  mkdirSync(path.join(directory, 'high'));
  daemon = await TestDaemon.start(
    peer === undefined ? ['--cdi-spec-dir', directory, '--cdi-spec-dir', path.join(directory, 'high')] : [],
  );
  await loadBusybox(daemon);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const refused = async (...flags: string[]): Promise<string> => {
    const finished = await call('run', '--rm', '--network', 'none', ...flags, image, 'true');
    assert.equal(finished.exitCode, 125, finished.stdout + finished.stderr);
    return finished.stderr;
  };

  describe(`devices that nobody describes, by ${program}`, () => {
    test('are refused in Docker’s words', async () => {
      assert.match(
        await refused('--gpus', 'all'),
        /could not select device driver "" with capabilities: \[\[gpu\]\]/,
      );
      assert.match(
        await refused('--gpus', '"device=0,1","capabilities=utility"'),
        /could not select device driver "" with capabilities: \[\[utility gpu\]\]/,
      );
    });

    test('are refused by their name', needsDocker28(program), async () => {
      assert.match(
        await refused('--device', 'vendor.com/class=x'),
        /could not select device driver "cdi"|unresolvable CDI devices vendor\.com\/class=x/,
      );
    });
  });

  if (peer === undefined) {
    describe(`devices by specification files, by ${program}`, needsDocker28(program), () => {
      const output = async (...args: string[]): Promise<string> => {
        const finished = await call('run', '--rm', '--network', 'none', ...args);
        assert.equal(finished.exitCode, 0, finished.stderr);
        return finished.stdout.trim();
      };

      before(() => {
        const yaml = [
          'cdiVersion: "0.6.0"',
          'kind: vendor.com/class',
          'containerEdits:',
          '  env: [COMMON=yes]',
          'devices:',
          '  - name: one',
          '    containerEdits:',
          '      env: ["WHICH=low"]',
          '  - name: two',
          '    containerEdits:',
          '      deviceNodes:',
          '        - path: /dev/vendor0',
          '          hostPath: /dev/kmsg',
          '          permissions: w',
          '      mounts:',
          `        - hostPath: ${directory}`,
          '          containerPath: /vendor',
          '          options: [ro, bind]',
          '      additionalGids: [4711]',
          '  - name: nic',
          '    containerEdits:',
          '      netDevices:',
          `        - hostInterfaceName: ${hostInterface}`,
          '          name: vendor0',
          '  - name: cache',
          '    containerEdits:',
          '      intelRdt: { closID: mine }',
        ];
        writeFileSync(path.join(directory, 'vendor.yaml'), `${yaml.join('\n')}\n`);
        const json = (kind: string, names: Record<string, string>): string =>
          JSON.stringify({
            cdiVersion: '0.5.0',
            kind,
            devices: Object.entries(names).map(([name, variable]) => ({
              name,
              containerEdits: { env: [variable] },
            })),
          });
        writeFileSync(
          path.join(directory, 'high', 'vendor.json'),
          json('vendor.com/class', { one: 'WHICH=high' }),
        );
        writeFileSync(
          path.join(directory, 'gpu.json'),
          json('nvidia.com/gpu', { '0': 'GPU=first', '1': 'GPU=second', all: 'GPU=all' }),
        );
        writeFileSync(path.join(directory, 'broken.json'), '{');
      });
      after(() => rmSync(path.join(directory, 'gpu.json')));

      test('bring their node, mounts, variables and groups', async () => {
        const script =
          'echo $COMMON; (: > /dev/vendor0) && echo written; ls /vendor; id -G; touch /vendor/x 2>&1';
        const text = await output('--device', 'vendor.com/class=two', image, 'sh', '-c', `${script}; true`);
        assert.match(text, /^yes\nwritten\n/);
        assert.match(text, /vendor\.yaml/);
        assert.match(text, /\b4711\b/);
        assert.match(text, /Read-only file system/);
      });

      test('of two descriptions the weightier directory’s counts', async () => {
        assert.equal(
          await output('--device', 'vendor.com/class=one', image, 'sh', '-c', 'echo $WHICH'),
          'high',
        );
      });

      test('serve --gpus where they describe gpus', async () => {
        const gpu = (...flags: string[]): Promise<string> => output(...flags, image, 'sh', '-c', 'echo $GPU');
        assert.equal(await gpu('--gpus', 'all'), 'all');
        assert.equal(await gpu('--gpus', '1'), 'first');
        assert.equal(await gpu('--gpus', 'device=1'), 'second');
        assert.match(
          await refused('--gpus', '5'),
          /unresolvable CDI devices nvidia\.com\/gpu \(5 wanted, 2 there\)/,
        );
      });

      test('are told by info, and so are the directories', async () => {
        const info = await daemon.ok('info', '-f', '{{json .DiscoveredDevices}} {{json .CDISpecDirs}}');
        const [devices, directories] = info.split(' ').map((text) => JSON.parse(text) as unknown);
        const names = ['nvidia.com/gpu=0', 'nvidia.com/gpu=1', 'nvidia.com/gpu=all'];
        const own = ['cache', 'nic', 'one', 'two'].map((name) => `vendor.com/class=${name}`);
        const all = [...names, ...own];
        assert.deepEqual(
          devices,
          all.map((name) => ({ Source: 'cdi', ID: name })),
        );
        assert.deepEqual(directories, [directory, path.join(directory, 'high')]);
      });

      test('bring an interface of the host, with its addresses, where there is a network of the container’s own', async () => {
        execFileSync('ip', ['link', 'add', hostInterface, 'type', 'veth']);
        try {
          execFileSync('ip', ['addr', 'add', '10.99.1.2/24', 'dev', hostInterface]);
          const device = ['--device', 'vendor.com/class=nic'];
          const onBridge = (...command: string[]): Promise<Finished> =>
            call('run', '--rm', ...device, image, ...command);
          assert.match(
            await refused(...device),
            /network interface "\S+": the container has no network of its own/,
          );
          const shown = await onBridge('ip', '-o', 'addr', 'show', 'vendor0');
          assert.match(shown.stdout, /inet 10\.99\.1\.2\/24/);
          assert.match((await onBridge('true')).stderr, /"\S+": no such interface/);
        } finally {
          spawnSync('ip', ['link', 'del', hostInterface]);
        }
      });

      test('that ask for what is not built are refused by name', async () => {
        assert.match(
          await refused('--device', 'vendor.com/class=cache'),
          /intelRdt of vendor\.com\/class=cache is not built yet/,
        );
      });

      test('that are not described are refused by name', async () => {
        assert.match(
          await refused('--device', 'vendor.com/class=three'),
          /CDI device injection failed: unresolvable CDI devices vendor\.com\/class=three/,
        );
      });
    });
  }
}
