import type { CommandTable } from '../command-spec.ts';
import { filter, inspectFormat, listFormat, noTruncate, pruneFlags, quietIds } from './shared-flags.ts';

export const networkTable: CommandTable = [
  {
    path: 'network connect',
    usage: '[OPTIONS] NETWORK CONTAINER',
    summary: 'Connect a container to a network',
    arguments: [2, 2],
    completes: 'networks and containers',
    flags: `
      --alias stringSlice | Further name on the network
      --driver-opt stringSlice | Option of the driver
      --gw-priority int | The network with the highest number has the default route
      --ip ip | IPv4 address (172.30.100.104)
      --ip6 ip | IPv6 address (2001:db8::33)
      --link list | Link to another container
      --link-local-ip ipSlice | Link-local address
    `,
  },
  {
    path: 'network create',
    usage: '[OPTIONS] NETWORK',
    summary: 'Make a network',
    arguments: [1, 1],
    flags: `
      --attachable | Let containers connect by hand
      --aux-address map | Address that the driver uses itself
      --config-from string | Network to copy the configuration from
      --config-only | Make a configuration, not a network
      -d/--driver string=bridge | Driver
      --gateway ipSlice | Address of the gateway
      --ingress | Make the swarm's routing mesh
      --internal | Allow no traffic to the outside
      --ip-range ipNetSlice | Part of the subnet to give addresses from
      --ipam-driver string=default | Driver of address management
      --ipam-opt map | Option of address management (key=value)
      --ipv4=true | Give IPv4 addresses
      --ipv6 | Give IPv6 addresses
      --label list | Label of the network (key=value)
      -o/--opt map | Option of the driver (key=value)
      --scope string | Reach of the network
      --subnet stringSlice | Subnet (address/length)
    `,
  },
  {
    path: 'network disconnect',
    usage: '[OPTIONS] NETWORK CONTAINER',
    summary: 'Take a container off a network',
    arguments: [2, 2],
    completes: 'networks and containers',
    flags: '-f/--force | Disconnect, whatever state the container is in',
  },
  {
    path: 'network inspect',
    usage: '[OPTIONS] NETWORK [NETWORK...]',
    summary: 'Show all there is to know about networks',
    arguments: [1],
    completes: 'networks',
    flags: `
      ${inspectFormat}
      -v/--verbose | Add what helps to find faults
    `,
  },
  {
    path: 'network ls',
    aliases: ['network list'],
    usage: '[OPTIONS]',
    summary: 'List networks',
    arguments: [0, 0],
    flags: `
      ${filter}
      ${listFormat}
      ${noTruncate}
      ${quietIds}
    `,
  },
  {
    path: 'network prune',
    usage: '[OPTIONS]',
    summary: 'Remove every network that nothing uses',
    arguments: [0, 0],
    flags: pruneFlags,
  },
  {
    path: 'network rm',
    aliases: ['network remove'],
    usage: 'NETWORK [NETWORK...]',
    summary: 'Remove networks',
    arguments: [1],
    completes: 'networks',
    flags: '-f/--force | Take it as done when there is no such network',
  },
];
