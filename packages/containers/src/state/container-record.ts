import type { ContainerConfig, EndpointSettings, HostConfig } from '@gantry/api-types';
import type { IdMaps } from '@gantry/kernel';
import type { PortRequest } from '@gantry/network';
import type { Digest, Platform } from '@gantry/oci';
import type { ContainerState } from './container-state.ts';

/** Version of `ContainerRecord` as it is stored. */
export const containerRecordVersion = 2;

/** Everything durable about a container; replaced whole at each change. */
export interface ContainerRecord {
  id: string;
  /** Without the leading slash that Docker shows. */
  name: string;
  /** RFC 3339 with nine digits, UTC. */
  createdAt: string;
  /** Docker's Config after the image's defaults were merged in, as `inspect` shows it. */
  config: ContainerConfig;
  /** Docker's HostConfig with its defaults filled in, as `inspect` shows it. */
  hostConfig: HostConfig;
  image: ContainerImage;
  mounts: readonly ContainerMount[];
  /** Whose ids its processes and files have on the host; the host's own when missing. */
  idMaps?: IdMaps;
  network: ContainerNetwork;
  state: ContainerState;
  restartCount: number;
  /** A user stopped it: `unless-stopped` and `on-failure` leave it alone. */
  manuallyStopped: boolean;
  /** It is paused by a commit under way, and nobody else. */
  frozenForCommit?: boolean;
}

export interface ContainerImage {
  id: Digest;
  /** As the user typed it. */
  reference: string;
  manifestDigest: Digest;
  layers: readonly Digest[];
  platform: Platform;
}

/** A mount point as resolved at creation. */
export type ContainerMount =
  | {
      type: 'bind';
      source: string;
      destination: string;
      /** As given after the second colon. */
      mode: string;
      readOnly: boolean;
      /** What a read-only bind is for the mounts below it; as the kernel can when missing. */
      readOnlyBelow?: ReadOnlyBelow;
      propagation: BindPropagation;
      recursive: boolean;
      /** False: a source that is missing at a start is an error. */
      createSource?: boolean;
    }
  | {
      type: 'volume';
      volumeName: string;
      /** `local` when missing. */
      driver?: string;
      /** Where the volume's content was when the container was made; empty when its driver had not told. */
      source: string;
      destination: string;
      mode: string;
      readOnly: boolean;
      anonymous: boolean;
      copyUp: boolean;
      /** The part of the volume that is mounted; all of it when missing. */
      subpath?: string;
    }
  | {
      type: 'image';
      /** As the user named it. */
      reference: string;
      imageId: Digest;
      /** Its file system, for this mount alone. */
      snapshotId: string;
      destination: string;
      subpath?: string;
    }
  | { type: 'tmpfs'; destination: string; options: readonly string[] };

/** mount_namespaces(7); the `r` forms are of the mounts below too. */
export type BindPropagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** `writable`: they stay writable; `readonly`: read-only too, or the start fails. */
export type ReadOnlyBelow = 'writable' | 'readonly';

export interface ContainerNetwork {
  /** Whose network namespace it is in. */
  mode: 'own' | 'host' | 'container';
  /** Of mode `container`: whose network it is; the id, or a name where there was no such container at creation. */
  peer?: string;
  ports: readonly PortRequest[];
  /**
   * What it asks of its networks, by their names; `host` is the one of mode `host`, and `none` is alone. A network that did not
   * exist is here by the name that it was given. Empty in another container's namespace.
   */
  endpoints: Readonly<Record<string, EndpointWish>>;
  /** `--link` on the default bridge: the ids of containers by alias. */
  links?: Readonly<Record<string, string>>;
}

/** What a container asks of its place on a network, in the API's words. */
export type EndpointWish = Pick<
  EndpointSettings,
  'IPAMConfig' | 'Links' | 'MacAddress' | 'Aliases' | 'DriverOpts' | 'GwPriority'
>;
