import type { CommandTable } from '../command-spec.ts';
import { filter, inspectFormat, listFormat, pruneFlags } from './shared-flags.ts';

export const volumeTable: CommandTable = [
  {
    path: 'volume create',
    usage: '[OPTIONS] [VOLUME]',
    summary: 'Make a volume',
    arguments: [0, 1],
    flags: `
      --availability string=active | State of a cluster volume ("active", "pause", "drain")
      -d/--driver string=local | Driver
      --group string | Group of a cluster volume
      --label list | Label of the volume (key=value)
      --limit-bytes bytes=0 | Greatest size of a cluster volume
      !--name string | Name of the volume
      -o/--opt map | Option of the driver (key=value)
      --required-bytes bytes=0 | Least size of a cluster volume
      --scope string=single | Nodes that may use a cluster volume ("single", "multi")
      --secret map | Secret of a cluster volume (key=value)
      --sharing string=none | Sharing of a cluster volume ("none", "readonly", "onewriter", "all")
      --topology-preferred list | Topology that a cluster volume should be in
      --topology-required list | Topology that a cluster volume must be reachable from
      --type string=block | Access to a cluster volume ("mount", "block")
    `,
  },
  {
    path: 'volume inspect',
    usage: '[OPTIONS] VOLUME [VOLUME...]',
    summary: 'Show all there is to know about volumes',
    arguments: [1],
    completes: 'volumes',
    flags: inspectFormat,
  },
  {
    path: 'volume ls',
    aliases: ['volume list'],
    usage: '[OPTIONS]',
    summary: 'List volumes',
    arguments: [0, 0],
    flags: `
      --cluster | List only cluster volumes
      ${filter}
      ${listFormat}
      -q/--quiet | Print only the names
    `,
  },
  {
    path: 'volume prune',
    usage: '[OPTIONS]',
    summary: 'Remove every local volume that nothing uses',
    arguments: [0, 0],
    flags: `
      -a/--all | Remove named volumes too
      ${pruneFlags}
    `,
  },
  {
    path: 'volume rm',
    aliases: ['volume remove'],
    usage: '[OPTIONS] VOLUME [VOLUME...]',
    summary: 'Remove volumes that no container uses',
    arguments: [1],
    completes: 'volumes',
    flags: '-f/--force | Take it as done when there is no such volume',
  },
  {
    path: 'volume update',
    usage: '[OPTIONS] [VOLUME]',
    summary: 'Change a cluster volume',
    arguments: [1, 1],
    completes: 'volumes',
    flags: '--availability string=active | State of the volume ("active", "pause", "drain")',
  },
];
