import type { CommandTable } from '../command-spec.ts';
import { contentTrust, filter, inspectFormat, listFormat, noTruncate, quietIds } from './shared-flags.ts';

const endpoint = '--docker stringToString | Endpoint of the engine (host=…)';
const insecure = '--insecure | Talk to a registry that has no valid certificate';
const checkpointDir = '--checkpoint-dir string | Directory of the checkpoints';
const permissions = '--grant-all-permissions | Grant what the plugin asks for, without a question';

/** The `context`, `manifest`, `plugin` and `checkpoint` groups. */
export const remoteTable: CommandTable = [
  {
    path: 'context create',
    usage: '[OPTIONS] CONTEXT',
    summary: 'Make a context',
    arguments: [1, 1],
    flags: `
      --description string | What it is for
      ${endpoint}
      --from string | Context to copy
    `,
  },
  {
    path: 'context export',
    usage: '[OPTIONS] CONTEXT [FILE|-]',
    summary: 'Write a context as a tar archive',
    arguments: [1, 2],
  },
  {
    path: 'context import',
    usage: 'CONTEXT FILE|-',
    summary: 'Read a context from a tar or zip archive',
    arguments: [2, 2],
  },
  {
    path: 'context inspect',
    usage: '[OPTIONS] [CONTEXT] [CONTEXT...]',
    summary: 'Show all there is to know about contexts',
    arguments: [0],
    flags: inspectFormat,
  },
  {
    path: 'context ls',
    aliases: ['context list'],
    usage: '[OPTIONS]',
    summary: 'List contexts',
    arguments: [0, 0],
    flags: `
      ${listFormat}
      -q/--quiet | Print only the names
    `,
  },
  {
    path: 'context rm',
    aliases: ['context remove'],
    usage: 'CONTEXT [CONTEXT...]',
    summary: 'Remove contexts',
    arguments: [1],
    flags: '-f/--force | Remove the one in use too',
  },
  { path: 'context show', usage: '', summary: 'Print the name of the context in use', arguments: [0, 0] },
  {
    path: 'context update',
    usage: '[OPTIONS] CONTEXT',
    summary: 'Change a context',
    arguments: [1, 1],
    flags: `
      --description string | What it is for
      ${endpoint}
    `,
  },
  { path: 'context use', usage: 'CONTEXT', summary: 'Use this context from now on', arguments: [1, 1] },
  {
    path: 'manifest annotate',
    usage: '[OPTIONS] MANIFEST_LIST MANIFEST',
    summary: 'Add to what a local manifest list says about an image',
    arguments: [2, 2],
    flags: `
      --arch string | Architecture
      --os string | Operating system
      --os-features stringSlice | Feature of the operating system
      --os-version string | Version of the operating system
      --variant string | Variant of the architecture
    `,
  },
  {
    path: 'manifest create',
    usage: 'MANIFEST_LIST MANIFEST [MANIFEST...]',
    summary: 'Make a local manifest list, to annotate and push',
    arguments: [2],
    flags: `
      -a/--amend | Change a list that exists
      ${insecure}
    `,
  },
  {
    path: 'manifest inspect',
    usage: '[OPTIONS] [MANIFEST_LIST] MANIFEST',
    summary: 'Show a manifest or manifest list',
    arguments: [1, 2],
    flags: `
      ${insecure}
      -v/--verbose | Add layers and platforms
    `,
  },
  {
    path: 'manifest push',
    usage: '[OPTIONS] MANIFEST_LIST',
    summary: 'Send a manifest list to its registry',
    arguments: [1, 1],
    flags: `
      ${insecure}
      -p/--purge | Remove the local list afterwards
    `,
  },
  {
    path: 'manifest rm',
    usage: 'MANIFEST_LIST [MANIFEST_LIST...]',
    summary: 'Remove local manifest lists',
    arguments: [1],
  },
  {
    path: 'plugin create',
    usage: '[OPTIONS] PLUGIN PLUGIN-DATA-DIR',
    summary: 'Make a plugin of a directory',
    arguments: [2, 2],
    flags: '--compress | Compress the directory with gzip',
  },
  {
    path: 'plugin disable',
    usage: '[OPTIONS] PLUGIN',
    summary: 'Switch a plugin off',
    arguments: [1, 1],
    flags: '-f/--force | Switch off, also when it is in use',
  },
  {
    path: 'plugin enable',
    usage: '[OPTIONS] PLUGIN',
    summary: 'Switch a plugin on',
    arguments: [1, 1],
    flags: '--timeout int=30 | Seconds to wait for it',
  },
  {
    path: 'plugin inspect',
    usage: '[OPTIONS] PLUGIN [PLUGIN...]',
    summary: 'Show all there is to know about plugins',
    arguments: [1],
    flags: inspectFormat,
  },
  {
    path: 'plugin install',
    usage: '[OPTIONS] PLUGIN [KEY=VALUE...]',
    summary: 'Install a plugin',
    arguments: [1],
    flags: `
      --alias string | Local name of the plugin
      --disable | Leave it switched off
      ${contentTrust}
      ${permissions}
    `,
  },
  {
    path: 'plugin ls',
    aliases: ['plugin list'],
    usage: '[OPTIONS]',
    summary: 'List plugins',
    arguments: [0, 0],
    flags: `
      ${filter}
      ${listFormat}
      ${noTruncate}
      ${quietIds}
    `,
  },
  {
    path: 'plugin push',
    usage: '[OPTIONS] PLUGIN[:TAG]',
    summary: 'Send a plugin to its registry',
    arguments: [1, 1],
    flags: contentTrust,
  },
  {
    path: 'plugin rm',
    aliases: ['plugin remove'],
    usage: '[OPTIONS] PLUGIN [PLUGIN...]',
    summary: 'Remove plugins',
    arguments: [1],
    flags: '-f/--force | Remove, also when it is switched on',
  },
  {
    path: 'plugin set',
    usage: 'PLUGIN KEY=VALUE [KEY=VALUE...]',
    summary: 'Change settings of a plugin',
    arguments: [2],
  },
  {
    path: 'plugin upgrade',
    usage: '[OPTIONS] PLUGIN [REMOTE]',
    summary: 'Replace a plugin by a newer one',
    arguments: [1, 2],
    flags: `
      ${contentTrust}
      ${permissions}
      --skip-remote-check | Do not compare the remote name with the installed one
    `,
  },
  {
    path: 'checkpoint create',
    usage: '[OPTIONS] CONTAINER CHECKPOINT',
    summary: 'Freeze a running container to disk',
    arguments: [2, 2],
    completes: 'containers',
    flags: `
      ${checkpointDir}
      --leave-running | Let the container run on
    `,
  },
  {
    path: 'checkpoint ls',
    aliases: ['checkpoint list'],
    usage: '[OPTIONS] CONTAINER',
    summary: 'List the checkpoints of a container',
    arguments: [1, 1],
    completes: 'containers',
    flags: checkpointDir,
  },
  {
    path: 'checkpoint rm',
    aliases: ['checkpoint remove'],
    usage: '[OPTIONS] CONTAINER CHECKPOINT',
    summary: 'Remove a checkpoint',
    arguments: [2, 2],
    completes: 'containers',
    flags: checkpointDir,
  },
];
