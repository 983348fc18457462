import type { CommandTable } from '../command-spec.ts';
import { pruneFlags } from './shared-flags.ts';

const builder = `
  --builder string | Builder to use; there is the one called default
  -D/--debug | Print more about failures and warnings
`;
const timeout = '--timeout duration=20s | How long the builder may take to answer';
const rowFormat = "--format string=table | Print each row with 'table' (default), 'json' or a Go TEMPLATE";

/** The `builder` group: what `docker builder` and `docker buildx` have. */
export const builderTable: CommandTable = [
  {
    path: 'builder bake',
    usage: '[OPTIONS] [TARGET...]',
    summary: 'Build the targets of a file',
    arguments: [0],
    flags: `
      ${builder}
      --allow stringArray | Right that the build may use
      --call string=build | What to ask of the Dockerfiles (build, check, outline, targets)
      --check | Check the Dockerfiles and build nothing (--call=check)
      -f/--file stringArray | File with targets
      --list string | List the targets or variables
      --load | Keep the images in the engine (--set=*.output=type=docker)
      --metadata-file string | File to write what is known of the results to, as JSON
      --no-cache | Run every step again
      --policy stringArray | Policy of sources
      --print | Print what would be built
      --progress string=auto | How progress is shown (auto, none, plain, quiet, rawjson, tty)
      --provenance string | Attest how it was built (--set=*.attest=type=provenance)
      --pull | Pull base images, also when they are here
      --push | Send the images to their registry (--set=*.output=type=registry)
      --sbom string | Attest what is in it (--set=*.attest=type=sbom)
      --set stringArray | Value of a target in the place of the file's (target.key=value)
      --var stringArray | Value of a variable (name=value)
    `,
  },
  {
    path: 'builder create',
    usage: '[OPTIONS] [CONTEXT|ENDPOINT]',
    summary: 'Make a further builder',
    arguments: [0, 1],
    flags: `
      -D/--debug | Print more about failures and warnings
      --append | Add a node to a builder
      --bootstrap | Start it
      --buildkitd-config string | Configuration of its daemon
      --buildkitd-flags string | Flags of its daemon
      --driver string | How it runs
      --driver-opt stringArray | Option of the driver
      --leave | Take a node from a builder
      --name string | Its name
      --node string | Name of the node
      --platform stringArray | Platforms of the node
      ${timeout}
      --use | Use it from now on
    `,
  },
  {
    path: 'builder dial-stdio',
    usage: '',
    summary: 'Connect stdin and stdout to the builder; for programs, not for people',
    arguments: [0, 0],
    hidden: true,
    flags: `
      ${builder}
      --platform string | Platform of the node
      --progress string=none | How progress is shown (auto, none, plain, rawjson, tty)
    `,
  },
  {
    path: 'builder du',
    usage: '[OPTIONS]',
    summary: 'Show the disk space of the build cache',
    arguments: [0, 0],
    flags: `
      ${builder}
      --filter filter | Show only what fits the condition (name=value)
      --format string | Print each record as 'json', or with a Go TEMPLATE
      ${timeout}
      --verbose | Print everything that is known of each
    `,
  },
  {
    path: 'builder history export',
    usage: '[OPTIONS] [REF...]',
    summary: 'Write records of builds as an archive',
    arguments: [0],
    flags: `
      ${builder}
      --all | Every record
      --finalize | Make sure that the record is whole
      -o/--output string | File to write to, in place of stdout
    `,
  },
  {
    path: 'builder history import',
    usage: '[OPTIONS] -',
    summary: 'Read records of builds from an archive',
    arguments: [0],
    flags: `
      ${builder}
      -f/--file stringArray | File to read
    `,
  },
  {
    path: 'builder history inspect',
    usage: '[OPTIONS] [REF]',
    summary: 'Show all there is to know about a build',
    arguments: [0, 1],
    flags: `
      ${builder}
      --format string=pretty | Print as 'pretty', 'json', or with a Go TEMPLATE
    `,
  },
  {
    path: 'builder history inspect attachment',
    usage: '[OPTIONS] [REF [DIGEST]]',
    summary: 'Print a document that a build left',
    arguments: [0, 2],
    flags: `
      ${builder}
      --platform string | Platform of the document
      --type string | Type of the document
    `,
  },
  {
    path: 'builder history logs',
    usage: '[OPTIONS] [REF]',
    summary: 'Print the output of a build',
    arguments: [0, 1],
    flags: `
      ${builder}
      --progress string=plain | How it is shown (plain, rawjson, tty)
    `,
  },
  {
    path: 'builder history ls',
    usage: '[OPTIONS]',
    summary: 'List builds',
    arguments: [0, 0],
    flags: `
      ${builder}
      --filter stringArray | Show only what fits the condition (status=error, ref=, repository=, startedAt=)
      ${rowFormat}
      --local | List only builds of this directory
      --no-trunc | Print everything in full
    `,
  },
  {
    path: 'builder history open',
    usage: '[OPTIONS] [REF]',
    summary: 'Open a build in Docker Desktop',
    arguments: [0, 1],
    flags: builder,
  },
  {
    path: 'builder history rm',
    usage: '[OPTIONS] [REF...]',
    summary: 'Remove records of builds',
    arguments: [0],
    flags: `
      ${builder}
      --all | Every record
    `,
  },
  {
    path: 'builder history trace',
    usage: '[OPTIONS] [REF]',
    summary: 'Show the trace of a build',
    arguments: [0, 1],
    flags: `
      ${builder}
      --addr string=127.0.0.1:0 | Address to show it at
      --compare string | Build to compare it with
    `,
  },
  {
    path: 'builder imagetools create',
    usage: '[OPTIONS] [SOURCE...]',
    summary: 'Make an image of images in registries',
    arguments: [0],
    flags: `
      ${builder}
      --annotation stringArray | Annotation of the image
      --append | Add to the image that is there
      --dry-run | Print what would be made
      -f/--file stringArray | File with the descriptor of a source
      --metadata-file string | File to write what is known of the result to, as JSON
      -p/--platform stringArray | Platforms to take
      --prefer-index=true | Keep an index that is the only source
      --progress string=auto | How progress is shown (auto, none, plain, rawjson, tty)
      -t/--tag stringArray | Name of the image
    `,
  },
  {
    path: 'builder imagetools inspect',
    usage: '[OPTIONS] NAME',
    summary: 'Show an image in a registry',
    arguments: [1, 1],
    flags: `
      ${builder}
      --format string={{.Manifest}} | Print with a Go TEMPLATE
      --raw | Print the document as it is
    `,
  },
  {
    path: 'builder inspect',
    usage: '[NAME]',
    summary: 'Show all there is to know about the builder',
    arguments: [0, 1],
    flags: `
      ${builder}
      --bootstrap | Make sure that it runs
      ${timeout}
    `,
  },
  {
    path: 'builder ls',
    usage: '[OPTIONS]',
    summary: 'List builders',
    arguments: [0, 0],
    flags: `
      -D/--debug | Print more about failures and warnings
      ${rowFormat}
      --no-trunc | Print everything in full
      ${timeout}
    `,
  },
  {
    path: 'builder prune',
    usage: '[OPTIONS]',
    summary: 'Empty the build cache',
    arguments: [0, 0],
    flags: `
      ${builder}
      -a/--all | Remove what is still referred to, too
      ${pruneFlags}
      --keep-storage bytes=0 | Space that the cache may go on using
      --max-used-space bytes=0 | Space that the cache may use at most
      --min-free-space bytes=0 | Space of the disk that should be free
      --reserved-space bytes=0 | Space that the cache may always use
      ${timeout}
      --verbose | Print everything that is known of what is removed
    `,
  },
  {
    path: 'builder rm',
    usage: '[OPTIONS] [NAME...]',
    summary: 'Remove builders',
    arguments: [0],
    flags: `
      ${builder}
      --all-inactive | Remove all that do not run
      -f/--force | Ask no question first
      --keep-daemon | Keep its daemon
      --keep-state | Keep its state
      ${timeout}
    `,
  },
  { path: 'builder stop', usage: '[NAME]', summary: 'Stop a builder', arguments: [0, 1], flags: builder },
  {
    path: 'builder use',
    usage: '[OPTIONS] NAME',
    summary: 'Use this builder from now on',
    arguments: [1, 1],
    flags: `
      ${builder}
      --default | Use it for this context
      --global | Use it whatever the context
    `,
  },
  {
    path: 'builder version',
    usage: '',
    summary: 'Show the version',
    arguments: [0, 0],
    flags: '-D/--debug | Print more about failures and warnings',
  },
];
