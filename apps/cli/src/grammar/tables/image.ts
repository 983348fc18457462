import type { CommandTable } from '../command-spec.ts';
import { buildSpec } from './build.ts';
import {
  contentTrust,
  filter,
  inspectFormat,
  listFormat,
  noTruncate,
  pruneFlags,
  quietIds,
} from './shared-flags.ts';

const platform = 'os[/arch[/variant]]';

export const imageTable: CommandTable = [
  buildSpec,
  {
    path: 'image history',
    aliases: ['history'],
    usage: '[OPTIONS] IMAGE',
    summary: 'Show how an image came about',
    arguments: [1, 1],
    completes: 'images',
    flags: `
      ${listFormat}
      -H/--human=true | Print sizes and dates for people
      ${noTruncate}
      --platform string | Platform to show (${platform})
      ${quietIds}
    `,
  },
  {
    path: 'image import',
    aliases: ['import'],
    usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
    summary: 'Make an image of a tar archive of files',
    arguments: [1, 2],
    flags: `
      -c/--change list | Dockerfile instruction to apply to the image
      -m/--message string | Message to note in the image
      --platform string | Platform to note in the image (${platform})
    `,
  },
  {
    path: 'image inspect',
    usage: '[OPTIONS] IMAGE [IMAGE...]',
    summary: 'Show all there is to know about images',
    arguments: [1],
    completes: 'images',
    flags: `
      ${inspectFormat}
      --platform string | Platform to show (${platform})
    `,
  },
  {
    path: 'image load',
    aliases: ['load'],
    usage: '[OPTIONS]',
    summary: 'Load images from a tar archive',
    arguments: [0, 0],
    flags: `
      -i/--input string | File to read, in place of stdin
      --platform stringSlice | Platform to load (${platform})
      -q/--quiet | Print no progress
    `,
  },
  {
    path: 'image ls',
    aliases: ['image list', 'images'],
    usage: '[OPTIONS] [REPOSITORY[:TAG]]',
    summary: 'List images',
    arguments: [0, 1],
    flags: `
      -a/--all | List intermediate images too
      --digests | Add the digests
      ${filter}
      ${listFormat}
      ${noTruncate}
      ${quietIds}
      --tree | Show the platforms of each image (experimental)
    `,
  },
  {
    path: 'image prune',
    usage: '[OPTIONS]',
    summary: 'Remove images that nothing uses',
    arguments: [0, 0],
    flags: `
      -a/--all | Remove tagged images too
      ${pruneFlags}
    `,
  },
  {
    path: 'image pull',
    aliases: ['pull'],
    usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
    summary: 'Get an image from its registry or mirror',
    arguments: [1, 1],
    flags: `
      -a/--all-tags | Get every tag of the repository
      ${contentTrust}
      --platform string | Platform to get (${platform})
      -q/--quiet | Print nothing but the name
      --verify | Get it only with a signature that the engine's policy takes
    `,
  },
  {
    path: 'image push',
    aliases: ['push'],
    usage: '[OPTIONS] NAME[:TAG]',
    summary: 'Send an image to its registry',
    arguments: [1, 1],
    completes: 'images',
    flags: `
      -a/--all-tags | Send every tag of the repository
      ${contentTrust}
      --platform string | Platform to send, as an image of its own (${platform})
      -q/--quiet | Print nothing but the name
    `,
  },
  {
    path: 'image rm',
    aliases: ['image remove', 'rmi'],
    usage: '[OPTIONS] IMAGE [IMAGE...]',
    summary: 'Remove images',
    arguments: [1],
    completes: 'images',
    flags: `
      -f/--force | Remove, also when stopped containers use it
      --no-prune | Keep untagged parents
      --platform stringSlice | Platform to remove (${platform})
    `,
  },
  {
    path: 'image save',
    aliases: ['save'],
    usage: '[OPTIONS] IMAGE [IMAGE...]',
    summary: 'Write images as a tar archive, to stdout when no file is given',
    arguments: [1],
    completes: 'images',
    flags: `
      -o/--output string | File to write to, in place of stdout
      --platform stringSlice | Platform to write (${platform})
    `,
  },
  {
    path: 'image tag',
    aliases: ['tag'],
    usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
    summary: 'Give SOURCE_IMAGE the further name TARGET_IMAGE',
    arguments: [2, 2],
    completes: 'images',
  },
];
