import type { ContainerNetwork, ContainerRecord } from './container-record.ts';

/** The network of version 1: the default bridge was the only one with endpoints. */
interface FirstNetwork extends Pick<ContainerNetwork, 'peer' | 'ports'> {
  mode: 'bridge' | 'host' | 'none' | 'container';
}

/** A record of an older version as it is now. One that is damaged stays so: whoever takes it in says what is wrong. */
export function migrateRecord(document: unknown): ContainerRecord {
  const { network, ...record } = document as { network?: FirstNetwork } & Record<string, unknown>;
  return { ...record, ...(network !== undefined && { network: migrated(network) }) } as ContainerRecord;
}

function migrated({ mode, ...rest }: FirstNetwork): ContainerNetwork {
  switch (mode) {
    case 'container':
      return { ...rest, mode, endpoints: {} };
    case 'host':
      return { ...rest, mode, endpoints: { host: {} } };
    default:
      return { ...rest, mode: 'own', endpoints: { [mode]: {} } };
  }
}
