import type { HostConfig } from '@gantry/api-types';
import type { DnsRequest } from '@gantry/network';

/** What a container asks of names (`--dns` …), and for each part where it says nothing what the daemon says. */
export function dnsRequest(host: HostConfig, defaults: DnsRequest): DnsRequest {
  const given = { servers: host.Dns, search: host.DnsSearch, options: host.DnsOptions };
  return { ...notEmpty(defaults), ...notEmpty(given) };
}

function notEmpty(request: { [K in keyof DnsRequest]: DnsRequest[K] | null | undefined }): DnsRequest {
  const { servers, search, options } = request;
  return {
    ...(servers && servers.length > 0 && { servers }),
    ...(search && search.length > 0 && { search }),
    ...(options && options.length > 0 && { options }),
  };
}
