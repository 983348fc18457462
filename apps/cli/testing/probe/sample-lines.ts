import type { CommandSpec } from '../../src/grammar/command-spec.ts';
import type { FlagSpec } from '../../src/grammar/flag-spec.ts';

/** Arguments that a command does its work with; names for every one that it wants when missing. */
const argumentsOf: Readonly<Record<string, readonly string[]>> = {
  'builder history inspect attachment': ['name', 'name'],
  'builder history rm': ['name'],
  completion: ['bash'],
  'container port': ['name'],
  'container cp': ['name:/etc', '-'],
  'container exec': ['name', 'true'],
  'container commit': ['name', 'name'],
  'context create': ['made'],
  'context export': ['known', '-'],
  'context inspect': ['known'],
  'context rm': ['known'],
  'context update': ['known'],
  'context use': ['known'],
  'image build': ['-'],
  'image import': ['-', 'name'],
  'manifest annotate': ['name', 'name'],
  'manifest create': ['name', '127.0.0.1:9/name'],
  'manifest inspect': ['127.0.0.1:9/name'],
  'network connect': ['name', 'name'],
};

/** Flags that another one needs to be looked at. */
const beside: Readonly<Record<string, readonly string[]>> = {
  'container create --quiet': ['--pull=always'],
  'container run --quiet': ['--pull=always'],
  'container start --detach-keys': ['--attach', '--interactive'],
  'context create --description': ['--docker=host=unix:///x'],
};

const byName: Readonly<Record<string, string>> = {
  'add-host': 'a:10.0.0.1',
  annotation: 'a=b',
  attach: 'stdout',
  'blkio-weight': '100',
  'blkio-weight-device': '/dev/null:100',
  'cap-add': 'CHOWN',
  'cap-drop': 'CHOWN',
  cgroupns: 'host',
  'cpu-rt-runtime': '1',
  cpus: '1',
  'detach-keys': 'ctrl-a',
  device: '/dev/null',
  'device-cgroup-rule': 'c 1:3 r',
  'device-read-bps': '/dev/null:1mb',
  'device-read-iops': '/dev/null:1',
  'device-write-bps': '/dev/null:1mb',
  'device-write-iops': '/dev/null:1',
  dns: '10.0.0.1',
  docker: 'host=unix:///x',
  env: 'a=b',
  'env-file': '/dev/null',
  expose: '80',
  filter: 'label=a',
  format: '{{json .}}',
  gpus: 'all',
  from: 'known',
  input: '/dev/null',
  ip: '10.0.0.2',
  ip6: '2001:db8::2',
  ipc: 'host',
  isolation: 'process',
  label: 'a=b',
  'label-file': '/dev/null',
  link: 'name',
  'link-local-ip': '169.254.0.1',
  'log-driver': 'json-file',
  'log-opt': 'max-size=1m',
  'mac-address': '02:42:ac:11:00:02',
  memory: '64m',
  'memory-swap': '128m',
  'memory-swappiness': '10',
  mount: 'type=tmpfs,target=/a',
  network: 'bridge',
  net: 'bridge',
  'network-alias': 'a',
  'net-alias': 'a',
  opt: 'a=b',
  output: 'written',
  pid: 'host',
  platform: 'linux/amd64',
  publish: '80',
  pull: 'always',
  restart: 'always',
  'security-opt': 'no-new-privileges',
  'shm-size': '64m',
  signal: 'TERM',
  since: '1',
  'storage-opt': 'size=1g',
  sysctl: 'a=b',
  tmpfs: '/a',
  type: 'container',
  ulimit: 'nofile=1',
  until: '2',
  userns: 'host',
  uts: 'host',
  volume: '/a:/b',
};

const byType: Readonly<Record<string, string>> = {
  bytes: '64m',
  duration: '1s',
  string: 'name',
  list: 'name',
  int: '1',
  ip: '10.0.0.2',
  'gpu-request': 'all',
};

/** The words that call a command with one flag set, or with none. */
export function sampleLine(spec: CommandSpec, flag?: FlagSpec): string[] {
  const args = argumentsOf[spec.path] ?? Array.from({ length: spec.arguments[0] }, () => 'name');
  const flags =
    flag === undefined ? [] : [...(beside[`${spec.path} --${flag.name}`] ?? []), sampleFlag(spec, flag)];
  return [...spec.path.split(' '), ...flags, ...args];
}

/** `link` is a boolean of `rm` and a list of `run`. */
function sampleFlag(spec: CommandSpec, { name, type, defaultValue }: FlagSpec): string {
  if (type === 'bool') return `--${name}=${defaultValue === 'true' ? 'false' : 'true'}`;
  if (name === 'filter' && /prune|events/.test(spec.path)) return '--filter=label=a';
  return `--${name}=${byName[name] ?? byType[type] ?? '1'}`;
}
