import type { PortBinding } from '@gantry/api-types';
import { inspectContainer } from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { joinHostPort } from '../../output/container-rows.ts';

/** `gantry port`. */
export const portCommand: CommandHandler = async ({ args, engine, stdout }) => {
  const [name = '', wanted] = args;
  const { NetworkSettings } = await inspectContainer(await engine(), name);
  const ports = NetworkSettings?.Ports ?? {};
  const lines = wanted === undefined ? allPorts(ports) : onePort(ports, wanted, name);
  if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
  return 0;
};

type Ports = Record<string, PortBinding[] | null>;

function allPorts(ports: Ports): string[] {
  const lines = Object.entries(ports).flatMap(([port, bindings]) =>
    (bindings ?? []).map((binding) => `${port} -> ${addressOf(binding)}`),
  );
  return lines.toSorted(
    (left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10) || (left < right ? -1 : 1),
  );
}

function onePort(ports: Ports, wanted: string, name: string): string[] {
  const [number = '', protocol = 'tcp'] = wanted.split('/');
  if (!/^\d+$/.test(number))
    throw new CommandError(
      1,
      `Error: invalid port (${number}): strconv.ParseUint: parsing "${number}": invalid syntax`,
    );
  const bindings = ports[`${number}/${protocol}`];
  if (!bindings || bindings.length === 0) {
    throw new CommandError(1, `Error: No public port '${wanted}' published for ${name}`);
  }
  return bindings.map(addressOf);
}

function addressOf({ HostIp = '', HostPort = '' }: PortBinding): string {
  return joinHostPort(HostIp, HostPort);
}
