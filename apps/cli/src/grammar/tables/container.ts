import type { CommandTable } from '../command-spec.ts';
import { createFlags } from './create-flags.ts';
import {
  cpuLimits,
  cpuRealTime,
  cpuSets,
  detachKeys,
  filter,
  inspectFormat,
  listFormat,
  memoryLimits,
  noTruncate,
  pruneFlags,
  quietIds,
} from './shared-flags.ts';

const stopFlags = `
  -s/--signal string | Signal that asks it to end
  -t/--timeout int | Seconds to wait before it is killed
  !--time int | The same as --timeout
`;
const manyContainers = 'CONTAINER [CONTAINER...]';

export const containerTable: CommandTable = [
  {
    path: 'container attach',
    aliases: ['attach'],
    usage: '[OPTIONS] CONTAINER',
    summary: "Connect this terminal to a running container's stdin, stdout and stderr",
    arguments: [1, 1],
    completes: 'containers',
    flags: `
      ${detachKeys}
      --no-stdin | Leave stdin alone
      --sig-proxy=true | Pass signals on to the process
    `,
  },
  {
    path: 'container commit',
    aliases: ['commit'],
    usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
    summary: "Make an image of a container's changes",
    arguments: [1, 2],
    completes: 'containers',
    flags: `
      -a/--author string | Author to note in the image
      -c/--change list | Dockerfile instruction to apply to the image
      -m/--message string | Message to note in the image
      --no-pause | Let the container run on meanwhile
      !-p/--pause=true | Pause the container meanwhile
    `,
  },
  {
    path: 'container cp',
    aliases: ['cp'],
    usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tgantry cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
    summary: 'Copy files between a container and this machine',
    arguments: [2, 2],
    flags: `
      -a/--archive | Keep users and groups
      -L/--follow-link | Follow a symbolic link in SRC_PATH
      -q/--quiet | Print no progress
    `,
  },
  {
    path: 'container create',
    aliases: ['create'],
    usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
    summary: 'Make a container and do not start it',
    arguments: [1],
    stopsAtFirstArgument: true,
    completes: 'images',
    flags: createFlags,
  },
  {
    path: 'container diff',
    aliases: ['diff'],
    usage: 'CONTAINER',
    summary: "List what a container changed in its image's files",
    arguments: [1, 1],
    completes: 'containers',
  },
  {
    path: 'container exec',
    aliases: ['exec'],
    usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
    summary: 'Run a command inside a running container',
    arguments: [2],
    stopsAtFirstArgument: true,
    completes: 'containers',
    flags: `
      -d/--detach | Do not wait for the command
      ${detachKeys}
      -e/--env list | Environment variable (NAME=value, or NAME to pass it on)
      --env-file list | File of environment variables, one a line
      -i/--interactive | Keep stdin open
      --privileged | Hand over all capabilities
      -t/--tty | Give the command a terminal
      -u/--user string | User, and group if wanted, of the process (name|uid[:group|gid])
      -w/--workdir string | Working directory of the process
    `,
  },
  {
    path: 'container export',
    aliases: ['export'],
    usage: '[OPTIONS] CONTAINER',
    summary: "Write a container's file system as a tar archive",
    arguments: [1, 1],
    completes: 'containers',
    flags: '-o/--output string | File to write to, in place of stdout',
  },
  {
    path: 'container inspect',
    usage: `[OPTIONS] ${manyContainers}`,
    summary: 'Show all there is to know about containers',
    arguments: [1],
    completes: 'containers',
    flags: `
      ${inspectFormat}
      -s/--size | Add the sizes of files
    `,
  },
  {
    path: 'container kill',
    aliases: ['kill'],
    usage: `[OPTIONS] ${manyContainers}`,
    summary: 'Kill running containers, or send them a signal',
    arguments: [1],
    completes: 'containers',
    flags: '-s/--signal string | Signal to send in place of KILL',
  },
  {
    path: 'container logs',
    aliases: ['logs'],
    usage: '[OPTIONS] CONTAINER',
    summary: 'Print what a container has written',
    arguments: [1, 1],
    completes: 'containers',
    flags: `
      --details | Add the details that the log driver kept
      -f/--follow | Go on printing what comes
      --since string | Leave out what is older: a time (2013-01-02T13:23:37Z) or an age (42m)
      -n/--tail string=all | Number of lines to print, from the end
      -t/--timestamps | Put the time before each line
      --until string | Leave out what is newer: a time (2013-01-02T13:23:37Z) or an age (42m)
    `,
  },
  {
    path: 'container ls',
    aliases: ['container list', 'container ps', 'ps'],
    usage: '[OPTIONS]',
    summary: 'List containers',
    arguments: [0, 0],
    flags: `
      -a/--all | List stopped containers too
      ${filter}
      ${listFormat}
      -n/--last int=-1 | List the newest n containers, in any state
      -l/--latest | List the newest container, in any state
      ${noTruncate}
      ${quietIds}
      -s/--size | Add the sizes of files
    `,
  },
  {
    path: 'container pause',
    aliases: ['pause'],
    usage: manyContainers,
    summary: 'Freeze all processes of containers',
    arguments: [1],
    completes: 'containers',
  },
  {
    path: 'container port',
    aliases: ['port'],
    usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
    summary: 'List the published ports of a container, or one of them',
    arguments: [1, 2],
    completes: 'containers',
  },
  {
    path: 'container prune',
    usage: '[OPTIONS]',
    summary: 'Remove every stopped container',
    arguments: [0, 0],
    flags: pruneFlags,
  },
  {
    path: 'container rename',
    aliases: ['rename'],
    usage: 'CONTAINER NEW_NAME',
    summary: 'Give a container another name',
    arguments: [2, 2],
    completes: 'containers',
  },
  {
    path: 'container restart',
    aliases: ['restart'],
    usage: `[OPTIONS] ${manyContainers}`,
    summary: 'Stop and start containers',
    arguments: [1],
    completes: 'containers',
    flags: stopFlags,
  },
  {
    path: 'container rm',
    aliases: ['container remove', 'rm'],
    usage: `[OPTIONS] ${manyContainers}`,
    summary: 'Remove containers',
    arguments: [1],
    completes: 'containers',
    flags: `
      -f/--force | Kill a running container first
      -l/--link | Remove the link, not the container
      -v/--volumes | Remove its anonymous volumes too
    `,
  },
  {
    path: 'container run',
    aliases: ['run'],
    usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
    summary: 'Make a container from an image and start it',
    arguments: [1],
    stopsAtFirstArgument: true,
    completes: 'images',
    flags: `
      ${createFlags}
      -d/--detach | Print the id and leave the container to run
      ${detachKeys}
      --sig-proxy=true | Pass signals on to the process
    `,
  },
  {
    path: 'container start',
    aliases: ['start'],
    usage: `[OPTIONS] ${manyContainers}`,
    summary: 'Start stopped containers',
    arguments: [1],
    completes: 'containers',
    flags: `
      -a/--attach | Print its output, and pass signals on
      --checkpoint string | Checkpoint to go on from
      --checkpoint-dir string | Directory of the checkpoint
      ${detachKeys}
      -i/--interactive | Connect stdin
    `,
  },
  {
    path: 'container stats',
    aliases: ['stats'],
    usage: '[OPTIONS] [CONTAINER...]',
    summary: 'Show what containers use, live',
    arguments: [0],
    completes: 'containers',
    flags: `
      -a/--all | List stopped containers too
      ${listFormat}
      --no-stream | Print once and end
      ${noTruncate}
    `,
  },
  {
    path: 'container stop',
    aliases: ['stop'],
    usage: `[OPTIONS] ${manyContainers}`,
    summary: 'Ask containers to end, and kill those that do not',
    arguments: [1],
    completes: 'containers',
    flags: stopFlags,
  },
  {
    path: 'container top',
    aliases: ['top'],
    usage: 'CONTAINER [ps OPTIONS]',
    summary: "List a container's processes",
    arguments: [1],
    stopsAtFirstArgument: true,
    completes: 'containers',
  },
  {
    path: 'container unpause',
    aliases: ['unpause'],
    usage: manyContainers,
    summary: 'Let frozen containers go on',
    arguments: [1],
    completes: 'containers',
  },
  {
    path: 'container update',
    aliases: ['update'],
    usage: `[OPTIONS] ${manyContainers}`,
    summary: 'Change limits of containers',
    arguments: [1],
    completes: 'containers',
    flags: `
      --blkio-weight uint16 | Share of block IO, 10 to 1000, or 0 for none
      ${cpuLimits}
      ${cpuRealTime}
      -c/--cpu-shares int64 | Share of CPU time, relative to others
      --cpus decimal | Number of CPUs, with a fraction if wanted
      ${cpuSets}
      !--kernel-memory bytes=0 | Kernel memory limit (deprecated)
      ${memoryLimits}
      --memory-reservation bytes=0 | Memory that is kept under pressure
      --pids-limit int64 | Greatest number of processes, -1 for no limit
      --restart string | When to start the container again
    `,
  },
  {
    path: 'container wait',
    aliases: ['wait'],
    usage: manyContainers,
    summary: 'Wait for containers to end, then print their exit codes',
    arguments: [1],
    completes: 'containers',
  },
];
