import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { dockerPlugins, needsDockerPlugins } from '../support/docker-plugins.ts';
import type { Finished } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';

/** Of builds; it stays, as all that is named so does. */
const cgroupParent = `/gantry-features-${process.pid}`;
let daemon: TestDaemon;
let directory: string;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  directory = mkdtempSync('/tmp/gantry-features-');
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
  for (const controller of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const group = path.join('/sys/fs/cgroup', controller, cgroupParent);
    if (existsSync(group)) rmdirSync(group);
  }
});

let contexts = 0;

function context(dockerfile: string): string {
  const root = path.join(directory, `context-${contexts++}`);
  mkdirSync(root);
  writeFileSync(path.join(root, 'Dockerfile'), dockerfile);
  return root;
}

type Builder = (...args: string[]) => Promise<Finished>;

const builders: Readonly<Record<string, Builder>> = {
  gantry: (...args) => daemon.gantry(['build', '--progress', 'plain', ...args]),
  'docker buildx': (...args) =>
    daemon.docker(['buildx', 'build', '--progress', 'plain', ...args], {
      env: { DOCKER_CONFIG: dockerPlugins, ...(args.includes('--print') && { BUILDX_EXPERIMENTAL: '1' }) },
    }),
};

for (const [name, build] of Object.entries(builders)) {
  const done = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await build(...args);
    assert.equal(exitCode, 0, stderr + stdout);
    return stdout + stderr;
  };

  describe(`${name} build`, name === 'gantry' ? {} : needsDockerPlugins, () => {
    test('takes an image of an OCI layout, by its tag or digest', async () => {
      const layout = path.join(directory, `layout-${contexts}`);
      const from = context('FROM mirror/busybox\nRUN echo laid > /out\nENV WORD=laid\n');
      const metadata = path.join(directory, 'metadata');
      const output = ['--output', `type=oci,tar=false,dest=${layout}`, '--metadata-file', metadata];
      await done(...output, '--provenance=false', from);
      const on = context(
        'FROM base\nCOPY --from=base /out /copied\nRUN echo "it says $WORD $(cat /copied)"\n',
      );
      const told = await done('--no-cache', '--build-context', `base=oci-layout://${layout}`, on);
      assert.match(told, /it says laid laid/);
      const missing = await build(
        '--build-context',
        `base=oci-layout://${layout}@sha256:${'0'.repeat(64)}`,
        on,
      );
      assert.notEqual(missing.exitCode, 0);
    });

    // What `--call` was before buildx 0.14.
    const ask = name === 'gantry' ? '--call' : '--print';
    test('tells what a target takes, and which targets there are', async () => {
      const root = context(
        '# base is below\nFROM scratch AS base\nARG WHO=world\nRUN --mount=type=secret,id=token x\nFROM base AS last\n',
      );
      const outline = await done(ask, 'outline', root);
      assert.match(
        outline,
        /TARGET: +last\n\nBUILD ARG +VALUE +DESCRIPTION\nWHO +world +\n\nSECRET +REQUIRED\ntoken/,
      );
      const json = await build(ask, 'targets,format=json', root);
      const { targets } = JSON.parse(json.stdout) as { targets: { name: string; description?: string }[] };
      assert.deepEqual(
        targets.map(({ name: target, description }) => [target, description]),
        [
          ['base', 'is below'],
          ['last', undefined],
        ],
      );
      // buildx before 0.14 shows no more of it than its text, which is empty.
      const check = await done(ask, 'lint,format=json', root);
      if (name === 'gantry')
        assert.deepEqual((JSON.parse(check) as { warnings?: unknown[] }).warnings ?? [], []);
    });

    test('limits commands by the flags of the build', async () => {
      const root = context(
        'FROM mirror/busybox\nRUN echo "$(ulimit -n) $(ulimit -Hn) $(hostname)"; cat /proc/self/cgroup\n',
      );
      const flags = ['--ulimit', 'nofile=77:99', '--cgroup-parent', cgroupParent];
      const told = await done('--no-cache', ...flags, '--build-arg', 'BUILDKIT_SANDBOX_HOSTNAME=mine', root);
      assert.match(told, /77 99 mine/);
      assert.match(told, new RegExp(`${cgroupParent}/`));
    });
  });
}
