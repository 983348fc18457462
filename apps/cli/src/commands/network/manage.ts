import type { EndpointSettings } from '@gantry/api-types';
import {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  inspectNetwork,
  removeNetwork,
} from '@gantry/client';
import { apiStatus, CommandError } from '../../errors.ts';
import type { FlagValues } from '../../grammar/flag-values.ts';
import type { CommandHandler } from '../../invocation.ts';
import { parseIpam } from '../../options/ipam.ts';
import { parseKeyValues } from '../../options/key-values.ts';
import { failureText } from '../../print-failure.ts';
import { confirm } from '../prune/confirm.ts';

/** `gantry network create`. */
export const createCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const configFrom = flags.string('config-from');
  const request = {
    Name: args[0] ?? '',
    Driver: flags.string('driver'),
    Scope: flags.string('scope'),
    Internal: flags.boolean('internal'),
    Attachable: flags.boolean('attachable'),
    Ingress: flags.boolean('ingress'),
    ConfigOnly: flags.boolean('config-only'),
    ...(configFrom !== '' && { ConfigFrom: { Network: configFrom } }),
    ...(flags.has('ipv4') && { EnableIPv4: flags.boolean('ipv4') }),
    ...(flags.has('ipv6') && { EnableIPv6: flags.boolean('ipv6') }),
    IPAM: parseIpam(flags),
    Options: parseKeyValues(flags.list('opt')),
    Labels: parseKeyValues(flags.list('label')),
  };
  const { Id } = await createNetwork(await engine(), request);
  stdout.write(`${Id}\n`);
  return 0;
};

const ingressWarning = [
  'WARNING! Before removing the routing-mesh network, ',
  'make sure all the nodes in your swarm run the same docker engine version. ',
  'Otherwise, removal may not be effective and functionality of newly create ',
  'ingress networks will be impaired.',
].join('');

/** `gantry network rm`: one after the other. With `--force` a network that is gone is no failure. */
export const removeCommand: CommandHandler = async ({ flags, args, engine, stdout, stderr }) => {
  const client = await engine();
  const force = flags.boolean('force');
  let failed = false;
  for (const name of args) {
    const network = await inspectNetwork(client, name).catch(() => undefined);
    if (network?.Ingress === true && !(await confirm(ingressWarning, { force: false, stdout }))) continue;
    try {
      await removeNetwork(client, name);
      stdout.write(`${name}\n`);
    } catch (error) {
      if (force && apiStatus(error) === 404) continue;
      stderr.write(`${failureText(error)}\n`);
      failed = true;
    }
  }
  if (failed) throw new CommandError(1, 'exit status 1');
  return 0;
};

/** `gantry network connect`. */
export const connectCommand: CommandHandler = async ({ flags, args, engine }) => {
  const [network = '', container = ''] = args;
  const EndpointConfig = endpointOf(flags);
  await connectNetwork(await engine(), network, { Container: container, EndpointConfig });
  return 0;
};

/** `gantry network disconnect`. */
export const disconnectCommand: CommandHandler = async ({ flags, args, engine }) => {
  const [network = '', container = ''] = args;
  const Force = flags.boolean('force');
  await disconnectNetwork(await engine(), network, { Container: container, Force });
  return 0;
};

function endpointOf(flags: FlagValues): EndpointSettings {
  const [ip, ip6] = [flags.string('ip'), flags.string('ip6')];
  const linkLocal = flags.list('link-local-ip');
  return {
    IPAMConfig: {
      ...(ip !== '' && { IPv4Address: ip }),
      ...(ip6 !== '' && { IPv6Address: ip6 }),
      ...(linkLocal.length > 0 && { LinkLocalIPs: [...linkLocal] }),
    },
    Links: [...flags.list('link')],
    Aliases: [...flags.list('alias')],
    DriverOpts: driverOptions(flags.list('driver-opt')),
    GwPriority: flags.number('gw-priority') ?? 0,
  };
}

function driverOptions(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [key = '', value] = text.split(/=(.*)/s);
      if (value === undefined || key.trim() === '') {
        throw new CommandError(1, 'invalid key/value pair format in driver options');
      }
      return [key.trim(), value.trim()];
    }),
  );
}
