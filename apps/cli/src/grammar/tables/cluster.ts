import type { CommandTable } from '../command-spec.ts';
import { filter, inspectFormat, listFormat, noTruncate, quietIds } from './shared-flags.ts';

const listFlags = `
  ${filter}
  ${listFormat}
  ${quietIds}
`;
const prettyFlags = `
  ${inspectFormat}
  --pretty | Print for people
`;
const taskFlags = `
  ${filter}
  --format string | Print each row with a Go TEMPLATE
  --no-resolve | Print ids in place of names
  ${noTruncate}
  ${quietIds}
`;
const availability = 'State of the node ("active", "pause", "drain")';
const externalCa = '--external-ca external-ca | Endpoint that signs certificates';
const listenAddress = '--listen-addr node-addr=0.0.0.0:2377 | Address to listen on (ip|interface[:port])';
const advertiseAddress = '--advertise-addr string | Address to tell others (ip|interface[:port])';
const dataPath = '--data-path-addr string | Address of the data path (ip|interface)';
const composeFile = '-c/--compose-file stringSlice | Compose file, - for stdin';
const secretLabel = '-l/--label list | Label (key=value)';
const templateDriver = '--template-driver string | Template driver';

/** The `swarm`, `node`, `stack`, `config` and `secret` groups. */
export const clusterTable: CommandTable = [
  {
    path: 'swarm ca',
    usage: '[OPTIONS]',
    summary: 'Show the root certificate, or replace it',
    arguments: [0, 0],
    flags: `
      --ca-cert pem-file | File of the new root certificate
      --ca-key pem-file | File of the new root key
      --cert-expiry duration=2160h0m0s | Time that node certificates are valid (ns|us|ms|s|m|h)
      -d/--detach | Do not wait until all nodes have it
      ${externalCa}
      -q/--quiet | Print no progress
      --rotate | Replace it
    `,
  },
  {
    path: 'swarm init',
    usage: '[OPTIONS]',
    summary: 'Begin a swarm',
    arguments: [0, 0],
    flags: `
      ${advertiseAddress}
      --autolock | Ask for a key when a manager starts
      --availability string=active | ${availability}
      --cert-expiry duration=2160h0m0s | Time that node certificates are valid (ns|us|ms|s|m|h)
      ${dataPath}
      --data-path-port uint32 | Port of the data path, 1024 to 49151, 0 for 4789
      --default-addr-pool ipNetSlice | Pool that subnets come from (address/length)
      --default-addr-pool-mask-length uint32=24 | Length of the subnets
      --dispatcher-heartbeat duration=5s | Time between two heartbeats (ns|us|ms|s|m|h)
      ${externalCa}
      --force-new-cluster | Begin anew from what this manager knows
      ${listenAddress}
      --max-snapshots uint64 | Number of older Raft snapshots to keep
      --snapshot-interval uint64=10000 | Log entries between two Raft snapshots
      --task-history-limit int64=5 | Number of past tasks to keep
    `,
  },
  {
    path: 'swarm join-token',
    usage: '[OPTIONS] (worker|manager)',
    summary: 'Show or replace the token that nodes join with',
    arguments: [1, 1],
    flags: `
      -q/--quiet | Print only the token
      --rotate | Replace it
    `,
  },
  {
    path: 'swarm join',
    usage: '[OPTIONS] HOST:PORT',
    summary: 'Join a swarm',
    arguments: [1, 1],
    flags: `
      ${advertiseAddress}
      --availability string=active | ${availability}
      ${dataPath}
      ${listenAddress}
      --token string | Token to join with
    `,
  },
  {
    path: 'swarm leave',
    usage: '[OPTIONS]',
    summary: 'Leave the swarm',
    arguments: [0, 0],
    flags: '-f/--force | Leave, whatever speaks against it',
  },
  {
    path: 'swarm unlock-key',
    usage: '[OPTIONS]',
    summary: 'Show or replace the key that unlocks managers',
    arguments: [0, 0],
    flags: `
      -q/--quiet | Print only the key
      --rotate | Replace it
    `,
  },
  { path: 'swarm unlock', usage: '', summary: 'Unlock this manager', arguments: [0, 0] },
  {
    path: 'swarm update',
    usage: '[OPTIONS]',
    summary: 'Change the swarm',
    arguments: [0, 0],
    flags: `
      --autolock | Ask for a key when a manager starts (true|false)
      --cert-expiry duration=2160h0m0s | Time that node certificates are valid (ns|us|ms|s|m|h)
      --dispatcher-heartbeat duration=5s | Time between two heartbeats (ns|us|ms|s|m|h)
      ${externalCa}
      --max-snapshots uint64 | Number of older Raft snapshots to keep
      --snapshot-interval uint64=10000 | Log entries between two Raft snapshots
      --task-history-limit int64=5 | Number of past tasks to keep
    `,
  },
  { path: 'node demote', usage: 'NODE [NODE...]', summary: 'Make workers of managers', arguments: [1] },
  {
    path: 'node inspect',
    usage: '[OPTIONS] self|NODE [NODE...]',
    summary: 'Show all there is to know about nodes',
    arguments: [1],
    flags: prettyFlags,
  },
  {
    path: 'node ls',
    aliases: ['node list'],
    usage: '[OPTIONS]',
    summary: 'List nodes',
    arguments: [0, 0],
    flags: listFlags,
  },
  { path: 'node promote', usage: 'NODE [NODE...]', summary: 'Make managers of workers', arguments: [1] },
  {
    path: 'node ps',
    usage: '[OPTIONS] [NODE...]',
    summary: 'List the tasks on nodes, this one when none is given',
    arguments: [0],
    flags: taskFlags,
  },
  {
    path: 'node rm',
    aliases: ['node remove'],
    usage: '[OPTIONS] NODE [NODE...]',
    summary: 'Remove nodes from the swarm',
    arguments: [1],
    flags: '-f/--force | Remove, also when it is up',
  },
  {
    path: 'node update',
    usage: '[OPTIONS] NODE',
    summary: 'Change a node',
    arguments: [1, 1],
    flags: `
      --availability string | ${availability}
      --label-add list | Label to add or change (key=value)
      --label-rm list | Label to remove
      --role string | Role of the node ("worker", "manager")
    `,
  },
  {
    path: 'stack config',
    usage: '[OPTIONS]',
    summary: 'Print the configuration after merging and filling in',
    arguments: [0, 0],
    flags: `
      ${composeFile}
      --skip-interpolation | Merge only
    `,
  },
  {
    path: 'stack deploy',
    aliases: ['stack up'],
    usage: '[OPTIONS] STACK',
    summary: 'Make or change a stack',
    arguments: [1, 1],
    flags: `
      ${composeFile}
      -d/--detach=true | Do not wait until all services run
      --prune | Remove services that are no longer named
      -q/--quiet | Print no progress
      --resolve-image string=always | When to ask the registry for digests ("always", "changed", "never")
      --with-registry-auth | Send registry credentials to the nodes
    `,
  },
  {
    path: 'stack ls',
    aliases: ['stack list'],
    usage: '[OPTIONS]',
    summary: 'List stacks',
    arguments: [0, 0],
    flags: listFormat,
  },
  {
    path: 'stack ps',
    usage: '[OPTIONS] STACK',
    summary: 'List the tasks of a stack',
    arguments: [1, 1],
    flags: taskFlags,
  },
  {
    path: 'stack rm',
    aliases: ['stack remove', 'stack down'],
    usage: '[OPTIONS] STACK [STACK...]',
    summary: 'Remove stacks',
    arguments: [1],
    flags: '-d/--detach=true | Do not wait until they are gone',
  },
  {
    path: 'stack services',
    usage: '[OPTIONS] STACK',
    summary: 'List the services of a stack',
    arguments: [1, 1],
    flags: listFlags,
  },
  {
    path: 'config create',
    usage: '[OPTIONS] CONFIG file|-',
    summary: 'Make a config of a file or of stdin',
    arguments: [2, 2],
    flags: `
      ${secretLabel}
      ${templateDriver}
    `,
  },
  {
    path: 'config inspect',
    usage: '[OPTIONS] CONFIG [CONFIG...]',
    summary: 'Show all there is to know about configs',
    arguments: [1],
    flags: prettyFlags,
  },
  {
    path: 'config ls',
    aliases: ['config list'],
    usage: '[OPTIONS]',
    summary: 'List configs',
    arguments: [0, 0],
    flags: listFlags,
  },
  {
    path: 'config rm',
    aliases: ['config remove'],
    usage: 'CONFIG [CONFIG...]',
    summary: 'Remove configs',
    arguments: [1],
  },
  {
    path: 'secret create',
    usage: '[OPTIONS] SECRET [file|-]',
    summary: 'Make a secret of a file or of stdin',
    arguments: [1, 2],
    flags: `
      -d/--driver string | Driver
      ${secretLabel}
      ${templateDriver}
    `,
  },
  {
    path: 'secret inspect',
    usage: '[OPTIONS] SECRET [SECRET...]',
    summary: 'Show all there is to know about secrets',
    arguments: [1],
    flags: prettyFlags,
  },
  {
    path: 'secret ls',
    aliases: ['secret list'],
    usage: '[OPTIONS]',
    summary: 'List secrets',
    arguments: [0, 0],
    flags: listFlags,
  },
  {
    path: 'secret rm',
    aliases: ['secret remove'],
    usage: 'SECRET [SECRET...]',
    summary: 'Remove secrets',
    arguments: [1],
  },
];
