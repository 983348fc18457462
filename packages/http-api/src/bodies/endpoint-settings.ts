import type { EndpointSettings } from '@gantry/api-types';
import { type Decoder, integer, list, map, struct, text } from '../wire/decoder.ts';

/** A container's place on a network, as it is asked for and as it is shown: clients send back what they got. */
export const endpointSettings: Decoder<EndpointSettings> = struct({
  IPAMConfig: struct({ IPv4Address: text, IPv6Address: text, LinkLocalIPs: list(text) }),
  Links: list(text),
  MacAddress: text,
  Aliases: list(text),
  DriverOpts: map(text),
  GwPriority: integer,
  NetworkID: text,
  EndpointID: text,
  Gateway: text,
  IPAddress: text,
  IPPrefixLen: integer,
  IPv6Gateway: text,
  GlobalIPv6Address: text,
  GlobalIPv6PrefixLen: integer,
  DNSNames: list(text),
});
