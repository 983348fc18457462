import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const output = async (...args: string[]): Promise<string> => {
    const finished = await call('run', '--rm', '--network', 'none', ...args);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout.trim();
  };
  /** Standard error of a run that the engine or the CLI refuses. */
  const refused = async (...flags: string[]): Promise<string> => {
    const finished = await call('run', '--rm', '--network', 'none', ...flags, image, 'true');
    assert.equal(finished.exitCode, 125, finished.stdout + finished.stderr);
    return finished.stderr;
  };
  const profile = (name: string, text: string): string => {
    const file = path.join(daemon.root, `${program}-${name}.json`);
    writeFileSync(file, text);
    return `seccomp=${file}`;
  };

  describe(`security options by ${program}`, () => {
    test('a seccomp profile of the user’s own, or none, takes the place of Docker’s', async () => {
      const seccomp = (...flags: string[]): Promise<string> =>
        output(...flags, image, 'sh', '-c', 'grep Seccomp: /proc/self/status | cut -f 2; mkdir /x 2>&1');
      assert.equal(await seccomp(), '2');
      assert.equal(await seccomp('--security-opt', 'seccomp=unconfined'), '0');
      if (peer === undefined) assert.equal(await seccomp('--privileged'), '0');
      const noMkdir = profile(
        'no-mkdir',
        JSON.stringify({
          defaultAction: 'SCMP_ACT_ALLOW',
          archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
          syscalls: [
            {
              names: ['mkdir', 'mkdirat'],
              action: 'SCMP_ACT_ERRNO',
              errnoRet: 13,
              excludes: { caps: ['CAP_SYS_TIME'] },
            },
          ],
        }),
      );
      const denied = await call('run', '--rm', '--security-opt', noMkdir, image, 'mkdir', '/x');
      assert.match(denied.stderr, /mkdir.*Permission denied/);
      assert.equal(await seccomp('--security-opt', noMkdir, '--cap-add', 'SYS_TIME'), '2');
    });

    test('a profile that is none is refused, by what is wrong with it', async () => {
      assert.match(await refused('--security-opt', profile('broken', '{')), /seccomp profile/);
      const both =
        '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_ALLOW"}]}';
      assert.match(
        await refused('--security-opt', profile('both', both)),
        /'name' and 'names' were specified in the seccomp profile, use either 'name' or 'names'/,
      );
      assert.match(
        await refused('--security-opt', profile('wild', '{"defaultAction":"SCMP_ACT_WILD"}')),
        /string SCMP_ACT_WILD is not a valid action for seccomp/,
      );
    });

    test('no-new-privileges is on when asked for', async () => {
      const state = (...flags: string[]): Promise<string> =>
        output(...flags, image, 'sh', '-c', 'grep NoNewPrivs /proc/self/status | cut -f 2');
      assert.equal(await state(), '0');
      assert.equal(await state('--security-opt', 'no-new-privileges'), '1');
      assert.equal(await state('--security-opt', 'no-new-privileges:true'), '1');
      assert.equal(await state('--security-opt', 'no-new-privileges=false'), '0');
    });

    test('security options that are none are refused in Docker’s words', async () => {
      assert.match(await refused('--security-opt', 'foo=bar'), /invalid --security-opt 2: "foo=bar"/);
      assert.match(await refused('--security-opt', 'foo'), /invalid --security-opt.*"foo"/i);
      const wild = 'no-new-privileges=wild';
      assert.match(await refused('--security-opt', wild), new RegExp(`invalid --security-opt 2: "${wild}"`));
    });

    test('what names no module of this host works without one', async () => {
      const flags = ['apparmor=unconfined', 'label=disable'].flatMap((option) => ['--security-opt', option]);
      assert.equal(await output(...flags, image, 'echo', 'runs'), 'runs');
    });

    test('kernel interfaces are masked and read-only unless system paths are unconfined', async () => {
      const script =
        'wc -c < /proc/timer_list; echo 1 > /proc/sys/kernel/domainname && echo written; mount | grep -c " on /proc/"';
      const masked = (await output(image, 'sh', '-c', `${script} 2>&1; true`)).split('\n');
      assert.equal(masked[0], '0');
      assert.ok(!masked.includes('written'));
      assert.ok(Number(masked.at(-1)) > 5, masked.join());
      const open = await output(
        '--security-opt',
        'systempaths=unconfined',
        image,
        'sh',
        '-c',
        `${script}; true`,
      );
      assert.match(open, /written/);
      assert.equal(open.split('\n').at(-1), '0');
      const id = (await call('create', image, 'true')).stdout.trim();
      const shown = JSON.parse((await call('inspect', '-f', '{{json .HostConfig}}', id)).stdout) as Record<
        string,
        string[]
      >;
      assert.ok(shown['MaskedPaths']?.includes('/proc/kcore'));
      assert.ok(shown['ReadonlyPaths']?.includes('/proc/sys'));
      await call('rm', id);
    });

    test('a device of the host is there under the name and with the permissions asked for', async () => {
      const write = 'test -c /dev/mine && (: > /dev/mine) 2>/dev/null && echo written; true';
      assert.equal(await output('--device', '/dev/kmsg:/dev/mine:r', image, 'sh', '-c', write), '');
      assert.equal(await output('--device', '/dev/kmsg:/dev/mine:w', image, 'sh', '-c', write), 'written');
      assert.equal(await output('--device', '/dev/kmsg', image, 'sh', '-c', ': > /dev/kmsg; echo $?'), '0');
      const nodes = path.join(daemon.root, `nodes-${program}`);
      mkdirSync(path.join(nodes, 'deep'), { recursive: true });
      execFileSync('mknod', [path.join(nodes, 'deep/null'), 'c', '1', '3']);
      const below = ['--device', `${nodes}:/dev/below`, image, 'stat', '-c', '%F', '/dev/below/deep/null'];
      assert.equal(await output(...below), 'character special file');
      const gathering = 'error gathering device information while adding custom device';
      assert.match(
        (await call('run', '--rm', '--device', '/dev/nope', image, 'true')).stderr,
        new RegExp(`${gathering} "/dev/nope": no such file or directory`),
      );
      assert.match(
        await refused('--device', '/etc/passwd'),
        new RegExp(`${gathering} "/etc/passwd": not a device node`),
      );
      assert.match(await refused('--device', '/dev/zero:/dev/z:x'), /bad mode specified: \/?.*x/);
    });

    test('a device rule lets a node that the container made be used', async () => {
      const script = 'mknod /tmp/kmsg c 1 11 && (: > /tmp/kmsg) 2>/dev/null && echo opened; true';
      assert.equal(await output(image, 'sh', '-c', script), '');
      assert.equal(await output('--device-cgroup-rule', 'c 1:* w', image, 'sh', '-c', script), 'opened');
      const wrong = await call('run', '--device-cgroup-rule', 'x 1:3 rwm', image);
      assert.match(wrong.stderr, /invalid device cgroup/);
    });

    test('kernel settings of the container’s own namespaces are set, others refused', async () => {
      const flags = ['net.ipv4.ip_forward=0', 'kernel.shmmax=4096', 'fs.mqueue.msg_max=7'].flatMap((each) => [
        '--sysctl',
        each,
      ]);
      const read = 'cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmax fs/mqueue/msg_max';
      assert.equal(await output(...flags, image, 'sh', '-c', read), '0\n4096\n7');
      assert.match(
        await refused('--ipc', 'host', '--sysctl', 'kernel.shmmax=1'),
        /"kernel\.shmmax" is not allowed in the hosts ipc namespace/,
      );
      const host = await call('run', '--rm', '--network', 'host', '--sysctl', 'net.ipv4.ip_forward=0', image);
      assert.match(host.stderr, /"net\.ipv4\.ip_forward" not allowed in host network namespace/);
      const foreign = await call('run', '--rm', '--sysctl', 'kernel.pid_max=1', image);
      assert.match(foreign.stderr, /kernel\.pid_max/);
      assert.equal(foreign.exitCode, 125);
    });

    test('capabilities by any spelling, and all of them', async () => {
      const effective = async (...flags: string[]): Promise<string> =>
        await output(...flags, image, 'sh', '-c', 'grep CapEff /proc/self/status | cut -f 2');
      for (const name of ['net_admin', 'NET_ADMIN', 'cap_net_admin', 'CAP_NET_ADMIN']) {
        assert.equal(await effective('--cap-drop', 'all', '--cap-add', name), '0000000000001000');
      }
      assert.equal(await effective('--cap-drop', 'ALL', '--user', '1000'), '0000000000000000');
      assert.match(await refused('--cap-add', 'wild'), /unknown capability: "(?:CAP_WILD|wild)"/);
    });
  });
}

if (peer === undefined) {
  test('a profile or a label that the host has no module for is refused by name, which Docker ignores', async () => {
    for (const [option, message] of [
      ['apparmor=mine', /AppArmor is not enabled on this host/],
      ['label=type:mine', /SELinux is not enabled on this host/],
    ] as const) {
      const finished = await daemon.docker(['run', '--rm', '--security-opt', option, image, 'true']);
      assert.equal(finished.exitCode, 125);
      assert.match(finished.stderr, message);
    }
  });
}
