import type {
  ContainerConfig,
  ContainerCreateRequest,
  ContainerUpdateRequest,
  HostConfig,
} from '@gantry/api-types';
import {
  consoleSize,
  type Decoder,
  emptyObject,
  flag,
  integer,
  list,
  map,
  nullable,
  struct,
  text,
  word,
  words,
} from '../wire/decoder.ts';
import { endpointSettings } from './endpoint-settings.ts';

const texts = list(text);
const labels = map(text);
/** An unknown name is refused where the drivers are known, in Docker's words. */
const logDriver = text as Decoder<NonNullable<HostConfig['LogConfig']>['Type']>;
const throttleDevices = list(struct({ Path: text, Rate: integer }));

const healthcheck = struct({
  Test: texts,
  Interval: integer,
  Timeout: integer,
  Retries: integer,
  StartPeriod: integer,
  StartInterval: integer,
});

const config = {
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: map(emptyObject),
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: texts,
  Cmd: words,
  Healthcheck: healthcheck,
  ArgsEscaped: flag,
  Image: text,
  Volumes: map(emptyObject),
  WorkingDir: text,
  Entrypoint: words,
  NetworkDisabled: flag,
  MacAddress: text,
  OnBuild: texts,
  Labels: labels,
  StopSignal: text,
  StopTimeout: integer,
  Shell: words,
};

const resources = {
  CpuShares: integer,
  Memory: integer,
  CgroupParent: text,
  BlkioWeight: integer,
  BlkioWeightDevice: list(struct({ Path: text, Weight: integer })),
  BlkioDeviceReadBps: throttleDevices,
  BlkioDeviceWriteBps: throttleDevices,
  BlkioDeviceReadIOps: throttleDevices,
  BlkioDeviceWriteIOps: throttleDevices,
  CpuPeriod: integer,
  CpuQuota: integer,
  CpuRealtimePeriod: integer,
  CpuRealtimeRuntime: integer,
  CpusetCpus: text,
  CpusetMems: text,
  Devices: list(struct({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text })),
  DeviceCgroupRules: texts,
  DeviceRequests: list(
    struct({ Driver: text, Count: integer, DeviceIDs: texts, Capabilities: list(texts), Options: labels }),
  ),
  KernelMemoryTCP: integer,
  MemoryReservation: integer,
  MemorySwap: integer,
  MemorySwappiness: integer,
  NanoCpus: integer,
  OomKillDisable: flag,
  Init: flag,
  PidsLimit: integer,
  Ulimits: list(struct({ Name: text, Soft: integer, Hard: integer })),
  CpuCount: integer,
  CpuPercent: integer,
  IOMaximumIOps: integer,
  IOMaximumBandwidth: integer,
};

const mount = struct({
  Target: text,
  Source: text,
  Type: word<'bind' | 'cluster' | 'image' | 'npipe' | 'tmpfs' | 'volume'>(),
  ReadOnly: flag,
  Consistency: text,
  BindOptions: struct({
    Propagation: word<'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave'>(),
    NonRecursive: flag,
    CreateMountpoint: flag,
    ReadOnlyNonRecursive: flag,
    ReadOnlyForceRecursive: flag,
  }),
  VolumeOptions: struct({
    NoCopy: flag,
    Labels: labels,
    DriverConfig: struct({ Name: text, Options: labels }),
    Subpath: text,
  }),
  ImageOptions: struct({ Subpath: text }),
  TmpfsOptions: struct({ SizeBytes: integer, Mode: integer, Options: list(texts) }),
});

const hostConfig = struct({
  ...resources,
  Binds: texts,
  ContainerIDFile: text,
  LogConfig: struct({
    Type: logDriver,
    Config: labels,
  }),
  NetworkMode: text,
  PortBindings: map(nullable(list(struct({ HostIp: text, HostPort: text })))),
  RestartPolicy: struct({
    Name: word<'no' | 'always' | 'unless-stopped' | 'on-failure' | 'on-unhealthy'>(),
    MaximumRetryCount: integer,
  }),
  AutoRemove: flag,
  VolumeDriver: text,
  VolumesFrom: texts,
  Mounts: list(mount),
  ConsoleSize: consoleSize,
  Annotations: labels,
  CapAdd: words,
  CapDrop: words,
  CgroupnsMode: word<'private' | 'host'>(),
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
  GroupAdd: texts,
  IpcMode: text,
  Cgroup: text,
  Links: texts,
  OomScoreAdj: integer,
  PidMode: text,
  Privileged: flag,
  PublishAllPorts: flag,
  ReadonlyRootfs: flag,
  SecurityOpt: texts,
  StorageOpt: labels,
  Tmpfs: labels,
  UTSMode: text,
  UsernsMode: text,
  ShmSize: integer,
  Sysctls: labels,
  Runtime: text,
  Isolation: word<'default' | 'process' | 'hyperv'>(),
  MaskedPaths: texts,
  ReadonlyPaths: texts,
});

/** Body of `POST /commit`. */
export const containerConfigBody: Decoder<ContainerConfig> = struct(config);

/** Body of `POST /containers/create`. */
export const containerCreateBody: Decoder<ContainerCreateRequest> = struct({
  ...config,
  HostConfig: hostConfig,
  NetworkingConfig: struct({ EndpointsConfig: map(endpointSettings) }),
});

/** Body of `POST /containers/{id}/update`. The engine judges the name of the policy, in Docker's words. */
export const containerUpdateBody: Decoder<ContainerUpdateRequest> = struct({
  ...resources,
  RestartPolicy: struct({ Name: text, MaximumRetryCount: integer }),
}) as Decoder<ContainerUpdateRequest>;
