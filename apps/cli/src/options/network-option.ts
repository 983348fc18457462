import type { EndpointSettings } from '@gantry/api-types';
import { splitCommas } from '@gantry/base';

/** One `--network`: where to, and what is asked for there. */
export interface NetworkOption {
  readonly name: string;
  readonly endpoint: EndpointSettings;
}

/**
 * Reads `--network web` and `--network name=web,alias=db,ip=…`, whose fields and values Docker takes in small letters. Throws
 * `Error` with its reason.
 */
export function parseNetworkOption(text: string): NetworkOption {
  if (!/\w=\w/.test(text)) return { name: text, endpoint: {} };
  const endpoint: EndpointSettings = {};
  let name = '';
  for (const field of splitCommas(text)) {
    const [key = '', value] = field.toLowerCase().split(/=(.*)/s);
    if (value === undefined || key === '') throw new Error(`invalid field ${field}`);
    if (key.trim() === 'name') name = value.trim();
    else applyField(endpoint, key.trim(), value.trim());
  }
  if (name === '') throw new Error('network name/id is not specified');
  return { name, endpoint };
}

function applyField(endpoint: EndpointSettings, key: string, value: string): void {
  const addresses = (): NonNullable<EndpointSettings['IPAMConfig']> => (endpoint.IPAMConfig ??= {});
  if (key === 'alias') (endpoint.Aliases ??= []).push(value);
  else if (key === 'driver-opt') endpoint.DriverOpts = { ...endpoint.DriverOpts, ...driverOption(value) };
  else if (key === 'ip') addresses().IPv4Address = value;
  else if (key === 'ip6') addresses().IPv6Address = value;
  else if (key === 'link-local-ip') (addresses().LinkLocalIPs ??= []).push(value);
  else if (key === 'mac-address') endpoint.MacAddress = value;
  else if (key === 'gw-priority') endpoint.GwPriority = priority(value);
  else throw new Error(`invalid field key ${key}`);
}

function driverOption(text: string): Record<string, string> {
  const [key = '', value] = text.split(/=(.*)/s);
  if (value === undefined || key === '') throw new Error('invalid key value pair format in driver options');
  return { [key.trim()]: value.trim() };
}

function priority(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`invalid gw-priority (${text}): invalid syntax`);
  return Number(text);
}
