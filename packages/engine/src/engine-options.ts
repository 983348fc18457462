import type { HostConfig } from '@gantry/api-types';
import type { Clock, Logger } from '@gantry/base';
import type { RealtimeShare } from '@gantry/kernel';
import type { AddressPoolRange, DefaultBridgeSettings, DnsRequest, PacketMark } from '@gantry/network';
import type { ProxySettings } from './proxy-info.ts';
import type { EngineSettings } from './settings/engine-settings.ts';

export interface EngineOptions {
  /** Images, containers, volumes and records; survives a reboot. Made when missing. One engine at a time. */
  dataRoot: string;
  /** Sockets, FIFOs, namespaces; on a file system that a reboot empties (`/run`). Made when missing. */
  execRoot: string;
  /** Interface of the default bridge (`gantry0` when missing), or `none`. Engines side by side need one each. */
  bridge?: string;
  /** Address and prefix of the bridge, such as `172.30.0.1/16`; a free one of Docker's pools when missing. */
  bip?: string;
  network?: EngineNetworkOptions;
  /** Cgroup below which each container gets one; `/gantry` when missing, `system.slice` with the systemd driver. */
  cgroupParent?: string;
  /** `cgroupfs` when missing, or `systemd`, which makes each container a scope below a slice. */
  cgroupDriver?: string;
  /**
   * CPU time for real-time processes of all containers together: dockerd's `cpu-rt-period` and `cpu-rt-runtime`. Throws
   * `CgroupDriverError` where the kernel has no such groups (cgroups v1 with CONFIG_RT_GROUP_SCHED).
   */
  realtime?: RealtimeShare;
  /** What may be changed later by `Engine.reload`; its defaults where missing. */
  settings?: Partial<EngineSettings>;
  /** Most bytes that containers may write to their file systems, unless they say otherwise: dockerd's `overlay2.size`. */
  storageSizeBytes?: number;
  /** Where programs are looked for; the usual system directories when missing. */
  searchPath?: string;
  /** Log driver of containers that ask for none; `json-file` when missing. */
  logDriver?: string;
  /** Options of that driver, for containers that do not say otherwise. */
  logOptions?: Readonly<Record<string, string>>;
  /** How registries are reached; as the environment says when missing. */
  proxies?: ProxySettings;
  /** Docker's `certs.d`: a directory of certificates for each registry; /etc/docker/certs.d when missing. */
  registryCertificates?: string;
  /** The program of `--init`; the first of catatonit and tini that runs in any container when missing. */
  initPath?: string;
  /** Containers that do not say otherwise have an init process. */
  init?: boolean;
  /**
   * Whose subordinate ids containers have for users, unless they say otherwise: `default`, `user`, `user:group` or numbers, as
   * dockerd's `--userns-remap`. The host's users when missing.
   */
  usernsRemap?: string;
  /** rlimits of containers that do not say otherwise: dockerd's `default-ulimits`. */
  ulimits?: HostConfig['Ulimits'];
  /** Containers that do not say otherwise gain no privileges by setuid programs. */
  noNewPrivileges?: boolean;
  /** Of containers that do not say otherwise: `builtin` (when missing), `unconfined` or the path of a profile. */
  seccompProfile?: string;
  /** Directories of device specifications (CDI), the later the weightier; /etc/cdi and /var/run/cdi when missing. */
  cdiSpecDirs?: readonly string[];
  /** Content directories of registries on the data root's file system: a layer that one of them has is linked, not fetched. */
  sharedContent?: readonly string[];
  /** `host:port` of the API where anybody may use it, for `docker info` to warn of. */
  openTcpAddresses?: readonly string[];
  logger?: Logger;
  clock?: Clock;
}

/** dockerd's options of networks. */
export interface EngineNetworkOptions {
  /** What `--dns` and the like are for containers that ask for none. */
  dns?: DnsRequest;
  /** What `host-gateway` stands for; the host's addresses on the default bridge when missing. */
  hostGatewayAddresses?: readonly string[];
  /** Where networks get subnets from that do not ask for one; Docker's pools when missing. */
  addressPools?: readonly AddressPoolRange[];
  /** Address that ports are published on where neither they nor their network name one; all when missing. */
  hostBindingAddress?: string;
  /** `host`: a published port is reached only where the host's own input rules accept it. `open` when missing: always. */
  publishPolicy?: 'open' | 'host';
  /** The outside may use published ports by the container's address too. Not with `publishPolicy: 'host'`. */
  allowDirectRouting?: boolean;
  /** Packets that the host's own rules have marked so may enter every network that is not internal. */
  acceptMark?: PacketMark;
  /** `none`: no rules of ours on the host, as with dockerd's `iptables=false`; published ports are relayed. `nft` when missing. */
  packetFilter?: 'nft' | 'none';
  /** Whether the host's forwarding is turned on; true when missing. */
  forwardPackets?: boolean;
  defaultBridge?: DefaultBridgeSettings;
  /** Options by driver of networks that do not say otherwise. */
  defaultNetworkOptions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const defaultSearchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const defaultCdiSpecDirs: readonly string[] = ['/etc/cdi', '/var/run/cdi'];
