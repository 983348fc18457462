import { isIP } from 'node:net';
import type { HostConfig } from '@gantry/api-types';
import { InvalidOptionError } from '../../errors.ts';

/** Stands for the host's address on the container's network. */
export const hostGateway = 'host-gateway';

export interface ExtraHost {
  name: string;
  /** An IP address, or `host-gateway`. */
  address: string;
}

/** Reads `name:address` (`--add-host`). Throws `InvalidOptionError` with Docker's words. */
export function parseExtraHosts(entries: readonly string[]): ExtraHost[] {
  return entries.map((entry) => {
    const separator = entry.search(/[:=]/);
    const name = entry.slice(0, Math.max(0, separator));
    const address = entry.slice(separator + 1).replace(/^\[(.*)\]$/, '$1');
    if (separator <= 0 || !/^[\w.-]+$/.test(name)) {
      throw new InvalidOptionError(`bad format for add-host: "${entry}"`, {
        option: 'HostConfig.ExtraHosts',
      });
    }
    if (address !== hostGateway && isIP(address) === 0) {
      throw new InvalidOptionError(`invalid IP address in add-host: "${address}"`, {
        option: 'HostConfig.ExtraHosts',
      });
    }
    return { name, address };
  });
}

/** Checks what goes into resolv.conf. Throws `InvalidOptionError`. */
export function checkDns(host: HostConfig): void {
  for (const server of host.Dns ?? []) {
    if (isIP(server) === 0) fail(`invalid IP address: ${server}`, 'Dns');
  }
  for (const domain of host.DnsSearch ?? []) {
    if (domain !== '.' && !/^[\w.-]{1,255}$/.test(domain)) fail(`invalid domain: ${domain}`, 'DnsSearch');
  }
  for (const option of host.DnsOptions ?? []) {
    if (!/^[\w:.-]{1,128}$/.test(option)) fail(`invalid DNS option: ${option}`, 'DnsOptions');
  }
}

function fail(message: string, option: string): never {
  throw new InvalidOptionError(message, { option: `HostConfig.${option}` });
}
