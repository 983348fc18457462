import type {
  Attachment,
  AttachRequest,
  EndpointRequest,
  NetworkController,
  NetworkCreateRequest,
  PortRequest,
} from '../src/network-controller.ts';

/** A wish for a place on `network`, with nothing special but what `wish` says. */
export function endpointOn(network: string, wish: Partial<EndpointRequest> = {}): EndpointRequest {
  return { network, dnsNames: [], links: new Map(), driverOptions: {}, gatewayPriority: 0, ...wish };
}

/** A wish to be attached: to the default bridge, without ports, where `wish` says nothing else. */
export function attachRequest(containerId: string, wish: Partial<AttachRequest> = {}): AttachRequest {
  return { containerId, endpoints: [endpointOn('bridge')], ports: [], dns: {}, hostname: '', ...wish };
}

/** A network to be made: a bridge without options, where `wish` says nothing else. */
export function networkRequest(name: string, wish: Partial<NetworkCreateRequest> = {}): NetworkCreateRequest {
  return {
    name,
    driver: 'bridge',
    internal: false,
    attachable: false,
    ingress: false,
    configOnly: false,
    ipv4: true,
    ipam: { driver: 'default', options: {}, config: [] },
    options: {},
    labels: {},
    ...wish,
  };
}

/** A container on the default bridge alone, with what tests ask of its endpoint. */
export interface OnBridge {
  attachment: Attachment;
  namespacePath: string;
  ports: Attachment['ports'];
  ipAddress: string;
  gateway: string;
  macAddress: string;
}

/** Attaches a container to the default bridge. */
export async function attachToBridge(
  controller: Pick<NetworkController, 'attach'>,
  containerId: string,
  ports: readonly PortRequest[] = [],
): Promise<OnBridge> {
  return onBridge(await controller.attach(attachRequest(containerId, { ports })));
}

export function onBridge(attachment: Attachment): OnBridge {
  const { namespacePath, ports, endpoints } = attachment;
  const { macAddress = '', ipv4 } = endpoints[0] ?? {};
  const { address: ipAddress = '', gateway = '' } = ipv4 ?? {};
  return { attachment, namespacePath, ports, ipAddress, gateway, macAddress };
}
