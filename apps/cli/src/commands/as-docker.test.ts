import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callGantry } from '../../testing/call-program.ts';
import { type ProgramResult, runDocker, runGantry } from '../../testing/run-program.ts';
import { startSampleEngine } from '../../testing/sample-engine.ts';

/** Command lines whose output, exit code and requests are docker's. */
const commandLines: (string | string[])[] = [
  'stop web other',
  'stop -t 5 -s INT web',
  'stop web nope',
  'restart -t 0 web',
  'kill -s HUP web',
  'kill nope',
  'pause web other',
  'unpause web',
  'rename web newname',
  'rename web',
  'rm web other',
  'rm -fv web',
  'rm nope web',
  'rm -f nope web',
  'rm busy',
  'rm',
  'wait web other',
  'wait nope',
  'start web other',
  'start web nope other',
  'start -a web other',
  'top web',
  'top web -o pid',
  'port web',
  'port web 80',
  'port web 80/tcp',
  'port web 81',
  'port web x',
  'inspect web',
  'inspect img',
  'inspect net1 vol',
  'inspect nope',
  'inspect web nope',
  'inspect --type container nope',
  'inspect --type bogus nope',
  'inspect -s web',
  'container inspect web',
  'container inspect nope',
  'image inspect img',
  'image inspect nope',
  'network inspect net1',
  'network inspect nope',
  'volume inspect vol',
  'volume inspect nope vol',
  ['inspect', '-f', '{{.Id}} {{.State.Running}} {{.State.Pid}}', 'web'],
  ['inspect', '-f', '{{json .Config.Cmd}} {{.Config.Env}} {{.Config.Labels}}', 'web'],
  [
    'inspect',
    '-f',
    '{{index .Config.Labels "a"}}|{{index .Config.Labels "zz"}}|{{.Config.Labels.zz}}',
    'web',
  ],
  [
    'inspect',
    '-f',
    '{{range $p, $b := .NetworkSettings.Ports}}{{$p}}={{range $b}}{{.HostPort}},{{end}} {{end}}',
    'web',
  ],
  [
    'inspect',
    '-f',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}} {{(index .NetworkSettings.Ports "80/tcp")}}',
    'web',
  ],
  [
    'inspect',
    '-f',
    '{{len .Config.Env}} {{join .Config.Cmd "-"}} {{.HostConfig.Memory}} {{.Config.ExposedPorts}}',
    'web',
  ],
  ['inspect', '-f', '{{.Nope}}', 'web'],
  ['inspect', '-f', '{{.Id}}', 'nope'],
  ['inspect', '-f', '{{.Id}}', 'web', 'nope'],
  ['inspect', '-f', '{{.Id', 'web'],
  ['volume', 'inspect', '-f', 'json', 'vol'],
  ['inspect', '-f', 'json', 'vol', 'vol'],
  ['inspect', '-f', '{{.NetworkSettings.Ports}} {{.Config.Labels}}', 'web'],
  'images',
  'images -a --digests',
  'images -q',
  'images -q --no-trunc',
  'images img',
  'images a b',
  [
    'images',
    '--format',
    '{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}} {{.Containers}} {{.SharedSize}} {{.UniqueSize}}',
  ],
  ['images', '--format', 'table {{.ID}}\t{{.CreatedSince}}\t{{.CreatedAt}}'],
  'history img',
  'history -q img',
  'history --no-trunc img',
  'history -H=false img',
  ['history', '--format', '{{.CreatedBy}} {{.Comment}} {{.ID}}', 'img'],
  'tag img host:5000/x/y:z',
  'tag img other',
  'tag nope x',
  'rmi img',
  'rmi -f img nope',
  'rmi nope',
  'rmi -f nope',
  'rmi used img',
  'load',
  'load -i /nonexistent-file',
  'save img other',
  'import - img:x',
  'pull img',
  'pull -q img',
  'pull img:v2',
  'pull -a img:x',
  'network ls',
  'network ls --no-trunc',
  'network ls -q',
  [
    'network',
    'ls',
    '--format',
    '{{.Name}} {{.Internal}} {{.IPv6}} {{.Labels}} {{.Label "l"}} {{.CreatedAt}}',
  ],
  'volume ls',
  'volume ls -q',
  ['volume', 'ls', '--format', 'table {{.Name}}\t{{.Mountpoint}}\t{{.Labels}}\t{{.Size}}\t{{.Scope}}'],
  'volume create vol --label a=b -o type=tmpfs',
  'volume rm vol nope',
  'volume rm -f vol',
  'events --since 1',
  ['events', '--format', '{{.Type}} {{.Action}} {{.Actor.ID}}'],
  ['events', '--format', 'json'],
  ['info', '--format', '{{.ID}} {{.NCPU}}'],
];

const concurrency = 4;
const readsInput: ReadonlySet<string> = new Set(['load', 'import']);

describe('prints, asks and ends as docker does for', { concurrency }, () => {
  for (const line of commandLines) {
    const args = typeof line === 'string' ? line.split(' ') : line;
    test(args.join(' '), async () => {
      await using forDocker = await startSampleEngine();
      await using forGantry = await startSampleEngine();
      const [docker, gantry] = await Promise.all([
        runDocker(args, { host: forDocker.host, input: 'TAR' }),
        (readsInput.has(args[0] ?? '') ? runGantry : callGantry)(args, {
          host: forGantry.host,
          input: 'TAR',
        }),
      ]);
      assert.deepEqual(gantry, inOurWords(docker));
      assert.deepEqual(changes(forGantry), changes(forDocker));
    });
  }
});

/** Our name for theirs, and a slip of theirs corrected. */
function inOurWords(result: ProgramResult): ProgramResult {
  const words = (text: string): string =>
    text
      .replaceAll('docker', 'gantry')
      .replace(/^See '(.*)$/m, "Run '$1")
      .replace("SRun '", "Run '");
  return { ...result, stderr: words(result.stderr) };
}

/** What changed something, with its query and body. */
function changes(engine: Awaited<ReturnType<typeof startSampleEngine>>): unknown[] {
  return engine.requests
    .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
    .map(({ method, path, query, body }) => [
      method,
      path,
      [...query].filter(isMeaningful).toSorted(byJson),
      parsed(body),
    ])
    .toSorted(byJson);
}

/** docker spells out defaults: an empty or zero value, and the registry of a name. */
function isMeaningful([name, value]: [string, string]): boolean {
  return value !== '' && value !== '0' && !['fromImage', 'repo'].includes(name);
}

function byJson(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

function parsed(body: string): unknown {
  return body.startsWith('{') ? JSON.parse(body) : body;
}
