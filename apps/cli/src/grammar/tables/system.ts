import type { CommandTable } from '../command-spec.ts';
import { filter, inspectFormat, listFormat, noTruncate, pruneFlags } from './shared-flags.ts';

/** The `system` group, and the commands that are in no group. */
export const systemTable: CommandTable = [
  {
    path: 'system df',
    usage: '[OPTIONS]',
    summary: 'Show the disk space in use',
    arguments: [0, 0],
    flags: `
      ${listFormat}
      -v/--verbose | List every object
    `,
  },
  {
    path: 'system dial-stdio',
    usage: '',
    summary: 'Connect stdin and stdout to the engine; for programs, not for people',
    arguments: [0, 0],
    hidden: true,
  },
  {
    path: 'system events',
    aliases: ['events'],
    usage: '[OPTIONS]',
    summary: 'Print what happens in the engine, as it happens',
    arguments: [0, 0],
    flags: `
      ${filter}
      --format string | Print each event as 'json', or with a Go TEMPLATE
      --since string | Begin with the events since this time, or of this age
      --until string | End at this time
    `,
  },
  {
    path: 'system info',
    aliases: ['info'],
    usage: '[OPTIONS]',
    summary: 'Show the state of the engine',
    arguments: [0, 0],
    flags: inspectFormat,
  },
  {
    path: 'system prune',
    usage: '[OPTIONS]',
    summary: 'Remove everything that nothing uses',
    arguments: [0, 0],
    flags: `
      -a/--all | Remove tagged images too
      ${pruneFlags}
      --volumes | Remove anonymous volumes too
    `,
  },
  {
    path: 'inspect',
    usage: '[OPTIONS] NAME|ID [NAME|ID...]',
    summary: 'Show all there is to know about any objects',
    arguments: [1],
    completes: 'containers',
    flags: `
      ${inspectFormat}
      -s/--size | Add the sizes of files, for containers
      --type string | Look only for objects of this type
    `,
  },
  {
    path: 'login',
    usage: '[OPTIONS] [SERVER]',
    summary: 'Sign in to a registry',
    arguments: [0, 1],
    flags: `
      -p/--password string | Password or access token
      --password-stdin | Read the password or access token from stdin
      -u/--username string | User name
    `,
  },
  {
    path: 'logout',
    usage: '[SERVER]',
    summary: 'Sign out from a registry',
    arguments: [0, 1],
  },
  {
    path: 'search',
    usage: '[OPTIONS] TERM',
    summary: 'Search Docker Hub for images',
    arguments: [1, 1],
    flags: `
      ${filter}
      --format string | Print each row with a Go TEMPLATE
      --limit int | Greatest number of rows
      ${noTruncate}
    `,
  },
  {
    path: 'version',
    usage: '[OPTIONS]',
    summary: 'Show the versions of this program and of the engine',
    arguments: [0, 0],
    flags: inspectFormat,
  },
];

/** Commands that Docker does not have. */
export const ownSystemTable: CommandTable = [
  {
    path: 'system doctor',
    usage: '[OPTIONS]',
    summary: 'Check whether this machine can run containers, and say what is missing',
    arguments: [0, 0],
    flags: '--fix | Put right what can be put right',
  },
  {
    path: 'system fsck',
    usage: '[OPTIONS]',
    summary: 'Check whether all that the engine keeps fits together',
    arguments: [0, 0],
    flags: `
      --offline | Check what an engine that does not run has left, on this machine; changes nothing
      --repair | Put right what is left of nothing
    `,
  },
  {
    path: 'registry',
    usage: 'COMMAND [OPTIONS]',
    summary: 'Serve images to others, and look after what is stored (gantry-registry)',
    arguments: [0],
    passesWordsOn: true,
  },
  {
    path: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'Print the completion script for a shell',
    arguments: [1, 1],
  },
];
