import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
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
  'images --tree',
  'images --tree -a',
  'images --tree img',
  'images --tree -q',
  'images --tree --no-trunc',
  'images --tree --digests',
  'images --tree --format x',
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
  'create --shm-size -1 img',
  'create -m -1 img',
  'create --memory-reservation -1 img',
  'create --gpus x=y img',
  'create --device-cgroup-rule x img',
  'create --ulimit nope=1 img',
  'create --expose x img',
  'create --security-opt zz img',
  'create --security-opt seccomp=/nonesuch img',
  'create --cpu-count 1 img',
  'create --io-maxbandwidth 1m img',
  'update -m -1 web',
  'create --network name=a,alias=x,bogus=1 img',
  'create --network alias=x img',
  'create --network name=a,gw-priority=high img',
  'create --network name=a,driver-opt=x img',
  'create --network a --network a img',
  'create --network a --network host img',
  'create --network-alias x img',
  'create --network name=a,alias=x --network-alias y img',
  'create --network name=a,ip=10.0.0.2 --ip 10.0.0.3 img',
  'create --network a --mac-address nonsense img',
  'create --network= img',
  'network create web',
  'network create --driver macvlan -o parent=eth0 --label a=b --label c --internal --attachable web',
  'network create --ipv4=false --ipv6 --config-from base --scope local --ipam-driver x --ipam-opt a=b web',
  'network create --subnet 10.1.0.0/16 --ip-range 10.1.4.0/24 --gateway 10.1.0.9 --aux-address a=10.1.0.3 web',
  'network create --subnet fd00::/64 --gateway fd00::9 --ipv6 --config-only --ingress web',
  'network create --subnet 10.1.0.0/16 --subnet 10.1.3.0/24 web',
  'network create --gateway 10.1.0.1 web',
  'network create --subnet 10.1.0.0/16 --gateway 10.2.0.1 web',
  'network create --subnet 10.1.0.0/16 --ip-range 10.2.0.0/24 web',
  'network create --subnet 10.1.0.0/16 --aux-address a=10.2.0.3 web',
  'network create --subnet 10.1.0.0/99 --gateway 10.1.0.1 web',
  'network create --subnet nonsense web',
  'network create',
  'network rm net1 nope',
  'network rm -f nope net1',
  'network connect net1 web',
  'network connect --ip 10.0.0.9 --ip6 fd00::9 --link-local-ip 169.254.3.4 --alias a,b --alias c net1 web',
  'network connect --link other:db --driver-opt a=b --gw-priority 5 net1 web',
  'network connect --driver-opt a net1 web',
  'network connect nope web',
  'network disconnect -f net1 web',
  'network disconnect nope web',
  'volume ls',
  'volume ls -q',
  ['volume', 'ls', '--format', 'table {{.Name}}\t{{.Mountpoint}}\t{{.Labels}}\t{{.Size}}\t{{.Scope}}'],
  'volume create vol --label a=b -o type=tmpfs',
  'volume rm vol nope',
  'volume rm -f vol',
  'search thing',
  'search --no-trunc thing',
  'search --limit 3 --filter stars=3 --filter is-official=true thing',
  ['search', '--format', 'table {{.Name}}\t{{.StarCount}}\t{{.IsOfficial}}\t{{.IsAutomated}}', 'thing'],
  ['search', '--format', '{{json .}}', 'thing'],
  'search nope',
  'search',
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

/** Our name for theirs, and slips of theirs corrected: a tree has colours even where there is no terminal. */
function inOurWords(result: ProgramResult): ProgramResult {
  const words = (text: string): string =>
    text
      .replaceAll('docker', 'gantry')
      .replace(/^See '(.*)$/m, "Run '$1")
      .replace("SRun '", "Run '");
  return {
    ...result,
    stdout: stripVTControlCharacters(result.stdout),
    stderr: words(result.stderr).replace(/with --tree\n\n$/, 'with --tree\n'),
  };
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

/** docker spells out what was not asked for, as Go's zero values. */
function parsed(body: string): unknown {
  return body.startsWith('{') ? withoutZeros(JSON.parse(body)) : body;
}

function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, withoutZeros(field)] as const);
  return Object.fromEntries(fields.filter(([, field]) => !isZero(field)));
}

function isZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === '' || value === 0 || value === false;
}
