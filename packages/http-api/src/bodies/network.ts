import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkDisconnectRequest,
} from '@gantry/api-types';
import { type Decoder, flag, list, map, struct, text } from '../wire/decoder.ts';
import { endpointSettings } from './endpoint-settings.ts';

/** All may be missing, the name too. */
export type NetworkCreateBody = { [K in keyof NetworkCreateRequest]?: NetworkCreateRequest[K] | undefined };

/** Body of `POST /networks/create`. A missing name is judged where names are. */
export const networkCreateBody: Decoder<NetworkCreateBody> = struct({
  Name: text,
  Driver: text,
  Scope: text,
  Internal: flag,
  Attachable: flag,
  Ingress: flag,
  ConfigOnly: flag,
  ConfigFrom: struct({ Network: text }),
  IPAM: struct({
    Driver: text,
    Options: map(text),
    Config: list(struct({ Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: map(text) })),
  }),
  EnableIPv4: flag,
  EnableIPv6: flag,
  Options: map(text),
  Labels: map(text),
});

/** Body of `POST /networks/{id}/connect`. */
export const networkConnectBody: Decoder<NetworkConnectRequest> = struct({
  Container: text,
  EndpointConfig: endpointSettings,
});

/** Body of `POST /networks/{id}/disconnect`. */
export const networkDisconnectBody: Decoder<NetworkDisconnectRequest> = struct({
  Container: text,
  Force: flag,
});
