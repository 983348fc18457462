import type { Network } from '@gantry/api-types';
import { listNetworks } from '@gantry/client';
import { shortId } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { formatLabels } from '../../output/container-rows.ts';
import { type ListView, printList, type Row } from '../../output/list-output.ts';
import { naturalOrder } from '../../output/natural-order.ts';

/** `gantry network ls`. */
export const listCommand: CommandHandler = async ({ flags, config, engine, stdout }) => {
  const quiet = flags.boolean('quiet');
  const networks = await listNetworks(await engine(), parseFilters(flags.list('filter')));
  const full = flags.boolean('no-trunc');
  const rows = networks
    .toSorted((left, right) => naturalOrder(left.Name ?? '', right.Name ?? ''))
    .map((network) => networkRow(network, full));
  const format = flags.string('format') || (quiet ? '' : (config().networksFormat ?? ''));
  await printList(stdout, networkView, rows, { format, quiet });
  return 0;
};

const networkView: ListView = {
  quietField: 'ID',
  typeName: '*network.networkContext',
  raw: { network_id: 'ID', name: 'Name', driver: 'Driver', scope: 'Scope' },
  columns: ['ID', 'Name', 'Driver', 'Scope'],
  headings: {
    CreatedAt: 'CREATED AT',
    Driver: 'DRIVER',
    ID: 'NETWORK ID',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    Name: 'NAME',
    Scope: 'SCOPE',
  },
};

function networkRow(network: Network, full: boolean): Row {
  const labels = network.Labels ?? {};
  const id = network.Id ?? '';
  return {
    CreatedAt: (network.Created ?? '').replace('T', ' ').replace(/Z$/, ' +0000 UTC'),
    Driver: network.Driver ?? '',
    ID: full ? id : shortId(id),
    IPv4: String(network.EnableIPv4 ?? false),
    IPv6: String(network.EnableIPv6 ?? false),
    Internal: String(network.Internal ?? false),
    Labels: formatLabels(labels),
    Name: network.Name ?? '',
    Scope: network.Scope ?? '',
    Label: (name) => labels[String(name)] ?? '',
  };
}
