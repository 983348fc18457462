import type { CommandTable, GroupSpec } from './command-spec.ts';

/** The groups, in the order that help lists them. */
export const groups: readonly GroupSpec[] = [
  { name: 'builder', summary: 'Manage builds', section: 'management' },
  { name: 'checkpoint', summary: 'Manage checkpoints', section: 'management' },
  { name: 'container', summary: 'Manage containers', section: 'management' },
  { name: 'context', summary: 'Manage contexts', section: 'management' },
  { name: 'image', summary: 'Manage images', section: 'management' },
  { name: 'manifest', summary: 'Manage image manifests and manifest lists', section: 'management' },
  { name: 'network', summary: 'Manage networks', section: 'management' },
  { name: 'plugin', summary: 'Manage plugins', section: 'management' },
  { name: 'system', summary: 'Manage the engine and this machine', section: 'management' },
  { name: 'volume', summary: 'Manage volumes', section: 'management' },
  { name: 'config', summary: 'Manage swarm configs', section: 'swarm' },
  { name: 'node', summary: 'Manage swarm nodes', section: 'swarm' },
  { name: 'secret', summary: 'Manage swarm secrets', section: 'swarm' },
  { name: 'service', summary: 'Manage swarm services', section: 'swarm' },
  { name: 'stack', summary: 'Manage swarm stacks', section: 'swarm' },
  { name: 'swarm', summary: 'Manage the swarm', section: 'swarm' },
];

/** Groups within groups. */
export const innerGroups: Readonly<Record<string, string>> = {
  'builder history': 'Work with records of builds',
  'builder imagetools': 'Work with images in registries',
};

/** Groups by other names: what is a plugin of docker's is a part of this program. */
export const groupAliases: Readonly<Record<string, string>> = { buildx: 'builder' };

/** Commands without a group, by the canonical command that each stands for. */
export const rootCommands: Readonly<Record<string, string>> = {
  attach: 'container attach',
  build: 'image build',
  commit: 'container commit',
  completion: 'completion',
  cp: 'container cp',
  create: 'container create',
  diff: 'container diff',
  events: 'system events',
  exec: 'container exec',
  export: 'container export',
  history: 'image history',
  images: 'image ls',
  import: 'image import',
  info: 'system info',
  inspect: 'inspect',
  kill: 'container kill',
  load: 'image load',
  login: 'login',
  logout: 'logout',
  logs: 'container logs',
  pause: 'container pause',
  port: 'container port',
  ps: 'container ls',
  pull: 'image pull',
  push: 'image push',
  registry: 'registry',
  rename: 'container rename',
  restart: 'container restart',
  rm: 'container rm',
  rmi: 'image rm',
  run: 'container run',
  save: 'image save',
  search: 'search',
  start: 'container start',
  stats: 'container stats',
  stop: 'container stop',
  tag: 'image tag',
  top: 'container top',
  unpause: 'container unpause',
  update: 'container update',
  version: 'version',
  wait: 'container wait',
};

/** What `gantry --help` lists first. */
export const commonCommands: readonly string[] =
  'run exec ps build pull push images login logout search version info'.split(' ');

/** The global flags, which stand before the command. */
export const globalFlags: string = `
  --config string | Directory of the client's configuration (default "~/.docker")
  -c/--context string | Context that says which engine to use
  -D/--debug | Print more about failures
  -H/--host list | Engine to use (unix:///path, tcp://host:port)
  -l/--log-level string=info | Least level to log ("debug", "info", "warn", "error", "fatal")
  --tls | Use TLS
  --tlscacert string | File of the certificates to trust (default "~/.docker/ca.pem")
  --tlscert string | File of the certificate to show (default "~/.docker/cert.pem")
  --tlskey string | File of its key (default "~/.docker/key.pem")
  --tlsverify | Use TLS, and check the engine's certificate
  -v/--version | Print the version and quit
`;

const withSystemTable = [
  'system',
  'inspect',
  'login',
  'logout',
  'registry',
  'search',
  'version',
  'completion',
];

/** The commands of the table file that a canonical command or group is in. */
export async function loadTable(word: string): Promise<CommandTable> {
  if (word === 'container') return (await import('./tables/container.ts')).containerTable;
  if (word === 'image') return (await import('./tables/image.ts')).imageTable;
  if (word === 'network') return (await import('./tables/network.ts')).networkTable;
  if (word === 'volume') return (await import('./tables/volume.ts')).volumeTable;
  if (word === 'service') return (await import('./tables/service.ts')).serviceTable;
  if (word === 'builder') return (await import('./tables/builder.ts')).builderTable;
  if (withSystemTable.includes(word)) {
    const { systemTable, ownSystemTable } = await import('./tables/system.ts');
    return [...systemTable, ...ownSystemTable];
  }
  if (['context', 'manifest', 'plugin', 'checkpoint'].includes(word)) {
    return (await import('./tables/remote.ts')).remoteTable;
  }
  return (await import('./tables/cluster.ts')).clusterTable;
}

/** Every command there is. */
export async function loadAllTables(): Promise<CommandTable> {
  const words = [
    'builder',
    'container',
    'image',
    'network',
    'volume',
    'system',
    'context',
    'swarm',
    'service',
  ];
  return (await Promise.all(words.map(loadTable))).flat();
}
