import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, TestDaemon } from '../support/test-daemon.ts';

/** Both programs, one engine: what they print is the same to the letter. What is told here is what the docker CLI 28 prints. */
const lines: readonly (string | readonly string[])[] = [
  'ps -a',
  'ps -a --format json',
  ['ps', '-a', '--format', '{{json .}}'],
  ['ps', '-a', '--format', 'table {{.ID}}\t{{.Names}}\t{{.Label "a"}}\t{{.Mounts}}\t{{.LocalVolumes}}'],
  [
    'ps',
    '--format',
    '{{upper .Names}} {{title .State}} {{pad .Names 2 3}}|{{join (split .Image "/") ","}}{{println .Image}}',
  ],
  ['ps', '--format', '{{.Nope}}'],
  ['ps', '--format', '{{.ID'],
  ['ps', '-a', '--format', 'table {{.Names}}\t{{.Platform}}\t{{.State}}'],
  ['ps', '-a', '--format', 'table {{json .}}'],
  'ps -a --format raw',
  'ps -as --format raw',
  'ps -aq --format raw',
  'ps -a -f status=exited -f exited=3',
  'ps -f label=a=b -f name=w -q',
  'ps -f ancestor=mirror/busybox -q',
  'ps -f foo=bar',
  'ps -f foo',
  'images',
  'images --format json',
  'images -q --format json',
  'images --format raw',
  'images -q --format raw',
  ['images', '--digests', '--format', 'table {{.Repository}}'],
  ['images', '--format', '{{.Nope}}'],
  'history mirror/busybox',
  'network ls --no-trunc',
  'network ls --format raw',
  'network ls -q --format {{.Name}}',
  ['network', 'inspect', '-f', '{{.Name}} {{.Driver}} {{json .IPAM.Driver}}', 'bridge'],
  'volume ls --format json',
  'volume ls --format raw',
  'system df --format raw',
  ['system', 'df', '--format', '{{.Nope}}'],
  'system df -v --format raw',
  'system df -v --format json',
  ['stats', '--no-stream', '--format', '{{.Nope}}', 'three'],
  'volume inspect vol',
  'inspect web',
  'inspect -s web',
  'inspect -s vol',
  'inspect --type image web',
  'inspect web nope',
  [
    'inspect',
    '-f',
    '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}} {{.NetworkSettings.IPAddress}}',
    'web',
  ],
  ['inspect', '-f', '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', 'web'],
  ['inspect', '-f', '{{printf "%s %05d %q" .Name 42 .Driver}} {{ne .State.Pid 0}} {{le 1 2}}', 'web', 'two'],
  ['inspect', '-f', '{{.Nope}}', 'web'],
  'logs two',
  'logs --since bogus two',
  'port web',
  'top web -o pid,cmd',
  [
    'events',
    '--since',
    '1h',
    '--until',
    '0s',
    '-f',
    'container=two',
    '--format',
    '{{.Type}} {{.Action}} {{.ID}} {{.From}}',
  ],
  'events --since 1h --until 0s -f container=two --format json',
  ['info', '-f', '{{.Driver}} {{.NCPU}} {{.Containers}} {{.CgroupVersion}} {{json .Plugins.Network}}'],
  ['version', '-f', '{{.Server.Version}} {{.Server.APIVersion}} {{.Client.Context}}'],
  'start nope',
  'rm web',
  'rename web two',
  'pause three',
  'attach three',
  'exec web nosuch',
  ['exec', '-e', 'A=1', '-w', '/tmp', '-u', '1000:1000', 'web', 'sh', '-c', 'echo $A; pwd; id -u; exit 7'],
  ['run', '--rm', 'mirror/busybox', 'sh', '-c', 'echo out; echo err >&2; exit 9'],
  'run --rm mirror/busybox nosuch',
  'run --rm --name web mirror/busybox true',
  'run --rm --pull never nope/image true',
  'run --rm --env-file /nope mirror/busybox true',
  'create --name web mirror/busybox',
  'run --rm -v :/x mirror/busybox true',
  'run --rm --mount x mirror/busybox true',
  'run --rm --device x mirror/busybox true',
  'run --rm --platform linux/s390x mirror/busybox true',
  'pull BAD',
  'push BAD',
  'export -o /nonesuch/x web',
  'logout nonesuch.example',
  'tag mirror/busybox BAD',
];

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  const image = 'mirror/busybox';
  await daemon.ok(
    'run',
    '-d',
    '--name',
    'web',
    '-p',
    '127.0.0.1::80',
    '-l',
    'a=b',
    '-v',
    'vol:/d',
    image,
    'sleep',
    '1000',
  );
  await daemon.ok('run', '-d', '--name', 'two', image, 'sh', '-c', 'echo out; echo err >&2; exec sleep 1000');
  await daemon.ok('create', '--name', 'three', image, 'true');
  await daemon.docker(['run', '--name', 'three-ended', image, 'sh', '-c', 'exit 3']);
});
after(async () => {
  await daemon.docker(['rm', '-f', 'web', 'two', 'three', 'three-ended']);
  await daemon.docker(['volume', 'rm', 'vol']);
  await daemon[Symbol.asyncDispose]();
});

describe('gantry prints and ends as docker does for', { skip: peer !== undefined }, () => {
  for (const line of lines) {
    const args = typeof line === 'string' ? line.split(' ') : line;
    test(args.join(' '), async () => {
      // One after the other: some of them make a container of a name, for a moment.
      const docker = await daemon.docker(args);
      const gantry = await daemon.gantry(args);
      assert.deepEqual(plain(gantry), plain(docker));
    });
  }
});

/** Without the programs' names, and without ages, which go on between two calls. */
function plain({ exitCode, stdout, stderr }: Finished): object {
  const text = (output: string): string =>
    output
      .replaceAll(/\b(?:docker|gantry)\b/g, 'program')
      .replaceAll(
        /(?:Less than a second|About a minute|About an hour|\d+ (?:second|minute|hour)s?)(?: ago)?/g,
        'AGE',
      )
      .replaceAll(/ {2,}/g, '  ');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}
