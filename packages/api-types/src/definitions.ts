/** The wire types of Docker Engine API 1.51; made by scripts/generate-api-types.ts, not by hand. */

export interface ImageHistoryResponseItem {
  Id: string;
  Created: number;
  CreatedBy: string;
  Tags: string[];
  Size: number;
  Comment: string;
}

export interface Port {
  IP?: string | undefined;
  PrivatePort: number;
  PublicPort?: number | undefined;
  Type: 'tcp' | 'udp' | 'sctp';
}

export type MountType = 'bind' | 'cluster' | 'image' | 'npipe' | 'tmpfs' | 'volume';

export interface MountPoint {
  Type?: MountType | undefined;
  Name?: string | undefined;
  Source?: string | undefined;
  Destination?: string | undefined;
  Driver?: string | undefined;
  Mode?: string | undefined;
  RW?: boolean | undefined;
  Propagation?: string | undefined;
}

export interface DeviceMapping {
  PathOnHost?: string | undefined;
  PathInContainer?: string | undefined;
  CgroupPermissions?: string | undefined;
}

export interface DeviceRequest {
  Driver?: string | undefined;
  Count?: number | undefined;
  DeviceIDs?: string[] | undefined;
  Capabilities?: string[][] | undefined;
  Options?: Record<string, string> | undefined;
}

export interface ThrottleDevice {
  Path?: string | undefined;
  Rate?: number | undefined;
}

export interface Mount {
  Target?: string | undefined;
  Source?: string | undefined;
  Type?: MountType | undefined;
  ReadOnly?: boolean | undefined;
  Consistency?: string | undefined;
  BindOptions?:
    | {
        Propagation?: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave' | undefined;
        NonRecursive?: boolean | undefined;
        CreateMountpoint?: boolean | undefined;
        ReadOnlyNonRecursive?: boolean | undefined;
        ReadOnlyForceRecursive?: boolean | undefined;
      }
    | undefined;
  VolumeOptions?:
    | {
        NoCopy?: boolean | undefined;
        Labels?: Record<string, string> | undefined;
        DriverConfig?:
          | {
              Name?: string | undefined;
              Options?: Record<string, string> | undefined;
            }
          | undefined;
        Subpath?: string | undefined;
      }
    | undefined;
  ImageOptions?:
    | {
        Subpath?: string | undefined;
      }
    | undefined;
  TmpfsOptions?:
    | {
        SizeBytes?: number | undefined;
        Mode?: number | undefined;
        Options?: string[][] | undefined;
      }
    | undefined;
}

export interface RestartPolicy {
  Name?: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure' | 'on-unhealthy' | undefined;
  MaximumRetryCount?: number | undefined;
}

export interface Resources {
  CpuShares?: number | undefined;
  Memory?: number | undefined;
  CgroupParent?: string | undefined;
  BlkioWeight?: number | undefined;
  BlkioWeightDevice?:
    | {
        Path?: string | undefined;
        Weight?: number | undefined;
      }[]
    | undefined;
  BlkioDeviceReadBps?: ThrottleDevice[] | undefined;
  BlkioDeviceWriteBps?: ThrottleDevice[] | undefined;
  BlkioDeviceReadIOps?: ThrottleDevice[] | undefined;
  BlkioDeviceWriteIOps?: ThrottleDevice[] | undefined;
  CpuPeriod?: number | undefined;
  CpuQuota?: number | undefined;
  CpuRealtimePeriod?: number | undefined;
  CpuRealtimeRuntime?: number | undefined;
  CpusetCpus?: string | undefined;
  CpusetMems?: string | undefined;
  Devices?: DeviceMapping[] | undefined;
  DeviceCgroupRules?: string[] | undefined;
  DeviceRequests?: DeviceRequest[] | undefined;
  KernelMemoryTCP?: number | undefined;
  MemoryReservation?: number | undefined;
  MemorySwap?: number | undefined;
  MemorySwappiness?: number | undefined;
  NanoCpus?: number | undefined;
  OomKillDisable?: boolean | undefined;
  Init?: boolean | null | undefined;
  PidsLimit?: number | null | undefined;
  Ulimits?:
    | {
        Name?: string | undefined;
        Soft?: number | undefined;
        Hard?: number | undefined;
      }[]
    | undefined;
  CpuCount?: number | undefined;
  CpuPercent?: number | undefined;
  IOMaximumIOps?: number | undefined;
  IOMaximumBandwidth?: number | undefined;
}

export interface Limit {
  NanoCPUs?: number | undefined;
  MemoryBytes?: number | undefined;
  Pids?: number | undefined;
}

export interface ResourceObject {
  NanoCPUs?: number | undefined;
  MemoryBytes?: number | undefined;
  GenericResources?: GenericResources | undefined;
}

export type GenericResources = {
  NamedResourceSpec?:
    | {
        Kind?: string | undefined;
        Value?: string | undefined;
      }
    | undefined;
  DiscreteResourceSpec?:
    | {
        Kind?: string | undefined;
        Value?: number | undefined;
      }
    | undefined;
}[];

export interface HealthConfig {
  Test?: string[] | undefined;
  Interval?: number | undefined;
  Timeout?: number | undefined;
  Retries?: number | undefined;
  StartPeriod?: number | undefined;
  StartInterval?: number | undefined;
}

export interface Health {
  Status?: 'none' | 'starting' | 'healthy' | 'unhealthy' | undefined;
  FailingStreak?: number | undefined;
  Log?: HealthcheckResult[] | undefined;
}

export interface HealthcheckResult {
  Start?: string | undefined;
  End?: string | undefined;
  ExitCode?: number | undefined;
  Output?: string | undefined;
}

export type HostConfig = Resources & {
  Binds?: string[] | undefined;
  ContainerIDFile?: string | undefined;
  LogConfig?:
    | {
        Type?:
          | 'local'
          | 'json-file'
          | 'syslog'
          | 'journald'
          | 'gelf'
          | 'fluentd'
          | 'awslogs'
          | 'splunk'
          | 'etwlogs'
          | 'none'
          | undefined;
        Config?: Record<string, string> | undefined;
      }
    | undefined;
  NetworkMode?: string | undefined;
  PortBindings?: PortMap | undefined;
  RestartPolicy?: RestartPolicy | undefined;
  AutoRemove?: boolean | undefined;
  VolumeDriver?: string | undefined;
  VolumesFrom?: string[] | undefined;
  Mounts?: Mount[] | undefined;
  ConsoleSize?: number[] | null | undefined;
  Annotations?: Record<string, string> | undefined;
  CapAdd?: string[] | undefined;
  CapDrop?: string[] | undefined;
  CgroupnsMode?: 'private' | 'host' | undefined;
  Dns?: string[] | undefined;
  DnsOptions?: string[] | undefined;
  DnsSearch?: string[] | undefined;
  ExtraHosts?: string[] | undefined;
  GroupAdd?: string[] | undefined;
  IpcMode?: string | undefined;
  Cgroup?: string | undefined;
  Links?: string[] | undefined;
  OomScoreAdj?: number | undefined;
  PidMode?: string | undefined;
  Privileged?: boolean | undefined;
  PublishAllPorts?: boolean | undefined;
  ReadonlyRootfs?: boolean | undefined;
  SecurityOpt?: string[] | undefined;
  StorageOpt?: Record<string, string> | undefined;
  Tmpfs?: Record<string, string> | undefined;
  UTSMode?: string | undefined;
  UsernsMode?: string | undefined;
  ShmSize?: number | undefined;
  Sysctls?: Record<string, string> | null | undefined;
  Runtime?: string | null | undefined;
  Isolation?: 'default' | 'process' | 'hyperv' | '' | undefined;
  MaskedPaths?: string[] | undefined;
  ReadonlyPaths?: string[] | undefined;
};

export interface ContainerConfig {
  Hostname?: string | undefined;
  Domainname?: string | undefined;
  User?: string | undefined;
  AttachStdin?: boolean | undefined;
  AttachStdout?: boolean | undefined;
  AttachStderr?: boolean | undefined;
  ExposedPorts?: Record<string, {}> | null | undefined;
  Tty?: boolean | undefined;
  OpenStdin?: boolean | undefined;
  StdinOnce?: boolean | undefined;
  Env?: string[] | undefined;
  Cmd?: string[] | undefined;
  Healthcheck?: HealthConfig | undefined;
  ArgsEscaped?: boolean | null | undefined;
  Image?: string | undefined;
  Volumes?: Record<string, {}> | undefined;
  WorkingDir?: string | undefined;
  Entrypoint?: string[] | undefined;
  NetworkDisabled?: boolean | null | undefined;
  MacAddress?: string | null | undefined;
  OnBuild?: string[] | null | undefined;
  Labels?: Record<string, string> | undefined;
  StopSignal?: string | null | undefined;
  StopTimeout?: number | null | undefined;
  Shell?: string[] | null | undefined;
}

export interface ImageConfig {
  User?: string | undefined;
  ExposedPorts?: Record<string, {}> | null | undefined;
  Env?: string[] | undefined;
  Cmd?: string[] | undefined;
  Healthcheck?: HealthConfig | undefined;
  ArgsEscaped?: boolean | null | undefined;
  Volumes?: Record<string, {}> | undefined;
  WorkingDir?: string | undefined;
  Entrypoint?: string[] | undefined;
  OnBuild?: string[] | null | undefined;
  Labels?: Record<string, string> | undefined;
  StopSignal?: string | null | undefined;
  Shell?: string[] | null | undefined;
}

export interface NetworkingConfig {
  EndpointsConfig?: Record<string, EndpointSettings> | undefined;
}

export interface NetworkSettings {
  Bridge?: string | undefined;
  SandboxID?: string | undefined;
  HairpinMode?: boolean | undefined;
  LinkLocalIPv6Address?: string | undefined;
  LinkLocalIPv6PrefixLen?: number | undefined;
  Ports?: PortMap | undefined;
  SandboxKey?: string | undefined;
  SecondaryIPAddresses?: Address[] | null | undefined;
  SecondaryIPv6Addresses?: Address[] | null | undefined;
  EndpointID?: string | undefined;
  Gateway?: string | undefined;
  GlobalIPv6Address?: string | undefined;
  GlobalIPv6PrefixLen?: number | undefined;
  IPAddress?: string | undefined;
  IPPrefixLen?: number | undefined;
  IPv6Gateway?: string | undefined;
  MacAddress?: string | undefined;
  Networks?: Record<string, EndpointSettings> | undefined;
}

export interface Address {
  Addr?: string | undefined;
  PrefixLen?: number | undefined;
}

export type PortMap = Record<string, PortBinding[] | null>;

export interface PortBinding {
  HostIp?: string | undefined;
  HostPort?: string | undefined;
}

export interface DriverData {
  Name: string;
  Data: Record<string, string>;
}

export interface FilesystemChange {
  Path: string;
  Kind: ChangeType;
}

export type ChangeType = 0 | 1 | 2;

export interface ImageInspect {
  Id?: string | undefined;
  Descriptor?: OCIDescriptor | null | undefined;
  Manifests?: ImageManifestSummary[] | null | undefined;
  RepoTags?: string[] | undefined;
  RepoDigests?: string[] | undefined;
  Parent?: string | undefined;
  Comment?: string | undefined;
  Created?: string | null | undefined;
  DockerVersion?: string | undefined;
  Author?: string | undefined;
  Config?: ImageConfig | undefined;
  Architecture?: string | undefined;
  Variant?: string | null | undefined;
  Os?: string | undefined;
  OsVersion?: string | null | undefined;
  Size?: number | undefined;
  GraphDriver?: DriverData | undefined;
  RootFS?:
    | {
        Type: string;
        Layers?: string[] | undefined;
      }
    | undefined;
  Metadata?:
    | {
        LastTagTime?: string | null | undefined;
      }
    | undefined;
}

export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[];
  RepoDigests: string[];
  Created: number;
  Size: number;
  SharedSize: number;
  Labels: Record<string, string>;
  Containers: number;
  Manifests?: ImageManifestSummary[] | undefined;
  Descriptor?: OCIDescriptor | null | undefined;
}

export interface AuthConfig {
  username?: string | undefined;
  password?: string | undefined;
  email?: string | undefined;
  serveraddress?: string | undefined;
}

export interface ProcessConfig {
  privileged?: boolean | undefined;
  user?: string | undefined;
  tty?: boolean | undefined;
  entrypoint?: string | undefined;
  arguments?: string[] | undefined;
}

export interface Volume {
  Name: string;
  Driver: string;
  Mountpoint: string;
  CreatedAt?: string | undefined;
  Status?: Record<string, Record<string, unknown>> | undefined;
  Labels: Record<string, string>;
  Scope: 'local' | 'global';
  ClusterVolume?: ClusterVolume | undefined;
  Options: Record<string, string>;
  UsageData?:
    | {
        Size: number;
        RefCount: number;
      }
    | null
    | undefined;
}

export interface VolumeCreateOptions {
  Name?: string | undefined;
  Driver?: string | undefined;
  DriverOpts?: Record<string, string> | undefined;
  Labels?: Record<string, string> | undefined;
  ClusterVolumeSpec?: ClusterVolumeSpec | undefined;
}

export interface VolumeListResponse {
  Volumes?: Volume[] | undefined;
  Warnings?: string[] | undefined;
}

export interface Network {
  Name?: string | undefined;
  Id?: string | undefined;
  Created?: string | undefined;
  Scope?: string | undefined;
  Driver?: string | undefined;
  EnableIPv4?: boolean | undefined;
  EnableIPv6?: boolean | undefined;
  IPAM?: IPAM | undefined;
  Internal?: boolean | undefined;
  Attachable?: boolean | undefined;
  Ingress?: boolean | undefined;
  ConfigFrom?: ConfigReference | undefined;
  ConfigOnly?: boolean | undefined;
  Containers?: Record<string, NetworkContainer> | undefined;
  Options?: Record<string, string> | undefined;
  Labels?: Record<string, string> | undefined;
  Peers?: PeerInfo[] | null | undefined;
}

export interface ConfigReference {
  Network?: string | undefined;
}

export interface IPAM {
  Driver?: string | undefined;
  Config?: IPAMConfig[] | undefined;
  Options?: Record<string, string> | undefined;
}

export interface IPAMConfig {
  Subnet?: string | undefined;
  IPRange?: string | undefined;
  Gateway?: string | undefined;
  AuxiliaryAddresses?: Record<string, string> | undefined;
}

export interface NetworkContainer {
  Name?: string | undefined;
  EndpointID?: string | undefined;
  MacAddress?: string | undefined;
  IPv4Address?: string | undefined;
  IPv6Address?: string | undefined;
}

export interface PeerInfo {
  Name?: string | undefined;
  IP?: string | undefined;
}

export interface NetworkCreateResponse {
  Id: string;
  Warning: string;
}

export interface BuildInfo {
  id?: string | undefined;
  stream?: string | undefined;
  error?: string | null | undefined;
  errorDetail?: ErrorDetail | undefined;
  status?: string | undefined;
  progress?: string | null | undefined;
  progressDetail?: ProgressDetail | undefined;
  aux?: ImageID | undefined;
}

export interface BuildCache {
  ID?: string | undefined;
  Parents?: string[] | null | undefined;
  Type?:
    | 'internal'
    | 'frontend'
    | 'source.local'
    | 'source.git.checkout'
    | 'exec.cachemount'
    | 'regular'
    | undefined;
  Description?: string | undefined;
  InUse?: boolean | undefined;
  Shared?: boolean | undefined;
  Size?: number | undefined;
  CreatedAt?: string | undefined;
  LastUsedAt?: string | null | undefined;
  UsageCount?: number | undefined;
}

export interface ImageID {
  ID?: string | undefined;
}

export interface CreateImageInfo {
  id?: string | undefined;
  error?: string | null | undefined;
  errorDetail?: ErrorDetail | undefined;
  status?: string | undefined;
  progress?: string | null | undefined;
  progressDetail?: ProgressDetail | undefined;
}

export interface PushImageInfo {
  error?: string | null | undefined;
  errorDetail?: ErrorDetail | undefined;
  status?: string | undefined;
  progress?: string | null | undefined;
  progressDetail?: ProgressDetail | undefined;
}

export interface DeviceInfo {
  Source?: string | undefined;
  ID?: string | undefined;
}

export interface ErrorDetail {
  code?: number | undefined;
  message?: string | undefined;
}

export interface ProgressDetail {
  current?: number | undefined;
  total?: number | undefined;
}

export interface ErrorResponse {
  message: string;
}

export interface IDResponse {
  Id: string;
}

export interface EndpointSettings {
  IPAMConfig?: EndpointIPAMConfig | undefined;
  Links?: string[] | undefined;
  MacAddress?: string | undefined;
  Aliases?: string[] | undefined;
  DriverOpts?: Record<string, string> | null | undefined;
  GwPriority?: number | undefined;
  NetworkID?: string | undefined;
  EndpointID?: string | undefined;
  Gateway?: string | undefined;
  IPAddress?: string | undefined;
  IPPrefixLen?: number | undefined;
  IPv6Gateway?: string | undefined;
  GlobalIPv6Address?: string | undefined;
  GlobalIPv6PrefixLen?: number | undefined;
  DNSNames?: string[] | undefined;
}

export interface EndpointIPAMConfig {
  IPv4Address?: string | undefined;
  IPv6Address?: string | undefined;
  LinkLocalIPs?: string[] | undefined;
}

export interface PluginMount {
  Name: string;
  Description: string;
  Settable: string[];
  Source: string;
  Destination: string;
  Type: string;
  Options: string[];
}

export interface PluginDevice {
  Name: string;
  Description: string;
  Settable: string[];
  Path: string;
}

export interface PluginEnv {
  Name: string;
  Description: string;
  Settable: string[];
  Value: string;
}

export interface PluginInterfaceType {
  Prefix: string;
  Capability: string;
  Version: string;
}

export interface PluginPrivilege {
  Name?: string | undefined;
  Description?: string | undefined;
  Value?: string[] | undefined;
}

export interface Plugin {
  Id?: string | undefined;
  Name: string;
  Enabled: boolean;
  Settings: {
    Mounts: PluginMount[];
    Env: string[];
    Args: string[];
    Devices: PluginDevice[];
  };
  PluginReference?: string | undefined;
  Config: {
    DockerVersion?: string | undefined;
    Description: string;
    Documentation: string;
    Interface: {
      Types: PluginInterfaceType[];
      Socket: string;
      ProtocolScheme?: '' | 'moby.plugins.http/v1' | undefined;
    };
    Entrypoint: string[];
    WorkDir: string;
    User?:
      | {
          UID?: number | undefined;
          GID?: number | undefined;
        }
      | undefined;
    Network: {
      Type: string;
    };
    Linux: {
      Capabilities: string[];
      AllowAllDevices: boolean;
      Devices: PluginDevice[];
    };
    PropagatedMount: string;
    IpcHost: boolean;
    PidHost: boolean;
    Mounts: PluginMount[];
    Env: PluginEnv[];
    Args: {
      Name: string;
      Description: string;
      Settable: string[];
      Value: string[];
    };
    rootfs?:
      | {
          type?: string | undefined;
          diff_ids?: string[] | undefined;
        }
      | undefined;
  };
}

export interface ObjectVersion {
  Index?: number | undefined;
}

export interface NodeSpec {
  Name?: string | undefined;
  Labels?: Record<string, string> | undefined;
  Role?: 'worker' | 'manager' | undefined;
  Availability?: 'active' | 'pause' | 'drain' | undefined;
}

export interface Node {
  ID?: string | undefined;
  Version?: ObjectVersion | undefined;
  CreatedAt?: string | undefined;
  UpdatedAt?: string | undefined;
  Spec?: NodeSpec | undefined;
  Description?: NodeDescription | undefined;
  Status?: NodeStatus | undefined;
  ManagerStatus?: ManagerStatus | undefined;
}

export interface NodeDescription {
  Hostname?: string | undefined;
  Platform?: Platform | undefined;
  Resources?: ResourceObject | undefined;
  Engine?: EngineDescription | undefined;
  TLSInfo?: TLSInfo | undefined;
}

export interface Platform {
  Architecture?: string | undefined;
  OS?: string | undefined;
}

export interface EngineDescription {
  EngineVersion?: string | undefined;
  Labels?: Record<string, string> | undefined;
  Plugins?:
    | {
        Type?: string | undefined;
        Name?: string | undefined;
      }[]
    | undefined;
}

export interface TLSInfo {
  TrustRoot?: string | undefined;
  CertIssuerSubject?: string | undefined;
  CertIssuerPublicKey?: string | undefined;
}

export interface NodeStatus {
  State?: NodeState | undefined;
  Message?: string | undefined;
  Addr?: string | undefined;
}

export type NodeState = 'unknown' | 'down' | 'ready' | 'disconnected';

export interface ManagerStatus {
  Leader?: boolean | undefined;
  Reachability?: Reachability | undefined;
  Addr?: string | undefined;
}

export type Reachability = 'unknown' | 'unreachable' | 'reachable';

export interface SwarmSpec {
  Name?: string | undefined;
  Labels?: Record<string, string> | undefined;
  Orchestration?:
    | {
        TaskHistoryRetentionLimit?: number | undefined;
      }
    | null
    | undefined;
  Raft?:
    | {
        SnapshotInterval?: number | undefined;
        KeepOldSnapshots?: number | undefined;
        LogEntriesForSlowFollowers?: number | undefined;
        ElectionTick?: number | undefined;
        HeartbeatTick?: number | undefined;
      }
    | undefined;
  Dispatcher?:
    | {
        HeartbeatPeriod?: number | undefined;
      }
    | null
    | undefined;
  CAConfig?:
    | {
        NodeCertExpiry?: number | undefined;
        ExternalCAs?:
          | {
              Protocol?: 'cfssl' | undefined;
              URL?: string | undefined;
              Options?: Record<string, string> | undefined;
              CACert?: string | undefined;
            }[]
          | undefined;
        SigningCACert?: string | undefined;
        SigningCAKey?: string | undefined;
        ForceRotate?: number | undefined;
      }
    | null
    | undefined;
  EncryptionConfig?:
    | {
        AutoLockManagers?: boolean | undefined;
      }
    | undefined;
  TaskDefaults?:
    | {
        LogDriver?:
          | {
              Name?: string | undefined;
              Options?: Record<string, string> | undefined;
            }
          | undefined;
      }
    | undefined;
}

export interface ClusterInfo {
  ID?: string | undefined;
  Version?: ObjectVersion | undefined;
  CreatedAt?: string | undefined;
  UpdatedAt?: string | undefined;
  Spec?: SwarmSpec | undefined;
  TLSInfo?: TLSInfo | undefined;
  RootRotationInProgress?: boolean | undefined;
  DataPathPort?: number | undefined;
  DefaultAddrPool?: string[] | undefined;
  SubnetSize?: number | undefined;
}

export interface JoinTokens {
  Worker?: string | undefined;
  Manager?: string | undefined;
}

export type Swarm = ClusterInfo & {
  JoinTokens?: JoinTokens | undefined;
};

export interface TaskSpec {
  PluginSpec?:
    | {
        Name?: string | undefined;
        Remote?: string | undefined;
        Disabled?: boolean | undefined;
        PluginPrivilege?: PluginPrivilege[] | undefined;
      }
    | undefined;
  ContainerSpec?:
    | {
        Image?: string | undefined;
        Labels?: Record<string, string> | undefined;
        Command?: string[] | undefined;
        Args?: string[] | undefined;
        Hostname?: string | undefined;
        Env?: string[] | undefined;
        Dir?: string | undefined;
        User?: string | undefined;
        Groups?: string[] | undefined;
        Privileges?:
          | {
              CredentialSpec?:
                | {
                    Config?: string | undefined;
                    File?: string | undefined;
                    Registry?: string | undefined;
                  }
                | undefined;
              SELinuxContext?:
                | {
                    Disable?: boolean | undefined;
                    User?: string | undefined;
                    Role?: string | undefined;
                    Type?: string | undefined;
                    Level?: string | undefined;
                  }
                | undefined;
              Seccomp?:
                | {
                    Mode?: 'default' | 'unconfined' | 'custom' | undefined;
                    Profile?: string | undefined;
                  }
                | undefined;
              AppArmor?:
                | {
                    Mode?: 'default' | 'disabled' | undefined;
                  }
                | undefined;
              NoNewPrivileges?: boolean | undefined;
            }
          | undefined;
        TTY?: boolean | undefined;
        OpenStdin?: boolean | undefined;
        ReadOnly?: boolean | undefined;
        Mounts?: Mount[] | undefined;
        StopSignal?: string | undefined;
        StopGracePeriod?: number | undefined;
        HealthCheck?: HealthConfig | undefined;
        Hosts?: string[] | undefined;
        DNSConfig?:
          | {
              Nameservers?: string[] | undefined;
              Search?: string[] | undefined;
              Options?: string[] | undefined;
            }
          | undefined;
        Secrets?:
          | {
              File?:
                | {
                    Name?: string | undefined;
                    UID?: string | undefined;
                    GID?: string | undefined;
                    Mode?: number | undefined;
                  }
                | undefined;
              SecretID?: string | undefined;
              SecretName?: string | undefined;
            }[]
          | undefined;
        OomScoreAdj?: number | undefined;
        Configs?:
          | {
              File?:
                | {
                    Name?: string | undefined;
                    UID?: string | undefined;
                    GID?: string | undefined;
                    Mode?: number | undefined;
                  }
                | undefined;
              Runtime?: Record<string, unknown> | undefined;
              ConfigID?: string | undefined;
              ConfigName?: string | undefined;
            }[]
          | undefined;
        Isolation?: 'default' | 'process' | 'hyperv' | '' | undefined;
        Init?: boolean | null | undefined;
        Sysctls?: Record<string, string> | undefined;
        CapabilityAdd?: string[] | undefined;
        CapabilityDrop?: string[] | undefined;
        Ulimits?:
          | {
              Name?: string | undefined;
              Soft?: number | undefined;
              Hard?: number | undefined;
            }[]
          | undefined;
      }
    | undefined;
  NetworkAttachmentSpec?:
    | {
        ContainerID?: string | undefined;
      }
    | undefined;
  Resources?:
    | {
        Limits?: Limit | undefined;
        Reservations?: ResourceObject | undefined;
      }
    | undefined;
  RestartPolicy?:
    | {
        Condition?: 'none' | 'on-failure' | 'any' | undefined;
        Delay?: number | undefined;
        MaxAttempts?: number | undefined;
        Window?: number | undefined;
      }
    | undefined;
  Placement?:
    | {
        Constraints?: string[] | undefined;
        Preferences?:
          | {
              Spread?:
                | {
                    SpreadDescriptor?: string | undefined;
                  }
                | undefined;
            }[]
          | undefined;
        MaxReplicas?: number | undefined;
        Platforms?: Platform[] | undefined;
      }
    | undefined;
  ForceUpdate?: number | undefined;
  Runtime?: string | undefined;
  Networks?: NetworkAttachmentConfig[] | undefined;
  LogDriver?:
    | {
        Name?: string | undefined;
        Options?: Record<string, string> | undefined;
      }
    | undefined;
}

export type TaskState =
  | 'new'
  | 'allocated'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'remove'
  | 'orphaned';

export interface ContainerStatus {
  ContainerID?: string | undefined;
  PID?: number | undefined;
  ExitCode?: number | undefined;
}

export interface PortStatus {
  Ports?: EndpointPortConfig[] | undefined;
}

export interface TaskStatus {
  Timestamp?: string | undefined;
  State?: TaskState | undefined;
  Message?: string | undefined;
  Err?: string | undefined;
  ContainerStatus?: ContainerStatus | undefined;
  PortStatus?: PortStatus | undefined;
}

export interface NetworkAttachment {
  Network?: Network | undefined;
  Addresses?: string[] | undefined;
}

export interface Task {
  ID?: string | undefined;
  Version?: ObjectVersion | undefined;
  CreatedAt?: string | undefined;
  UpdatedAt?: string | undefined;
  Name?: string | undefined;
  Labels?: Record<string, string> | undefined;
  Spec?: TaskSpec | undefined;
  ServiceID?: string | undefined;
  Slot?: number | undefined;
  NodeID?: string | undefined;
  AssignedGenericResources?: GenericResources | undefined;
  Status?: TaskStatus | undefined;
  DesiredState?: TaskState | undefined;
  JobIteration?: ObjectVersion | undefined;
  NetworksAttachments?: NetworkAttachment[] | undefined;
}

export interface ServiceSpec {
  Name?: string | undefined;
  Labels?: Record<string, string> | undefined;
  TaskTemplate?: TaskSpec | undefined;
  Mode?:
    | {
        Replicated?:
          | {
              Replicas?: number | undefined;
            }
          | undefined;
        Global?: Record<string, unknown> | undefined;
        ReplicatedJob?:
          | {
              MaxConcurrent?: number | undefined;
              TotalCompletions?: number | undefined;
            }
          | undefined;
        GlobalJob?: Record<string, unknown> | undefined;
      }
    | undefined;
  UpdateConfig?:
    | {
        Parallelism?: number | undefined;
        Delay?: number | undefined;
        FailureAction?: 'continue' | 'pause' | 'rollback' | undefined;
        Monitor?: number | undefined;
        MaxFailureRatio?: number | undefined;
        Order?: 'stop-first' | 'start-first' | undefined;
      }
    | undefined;
  RollbackConfig?:
    | {
        Parallelism?: number | undefined;
        Delay?: number | undefined;
        FailureAction?: 'continue' | 'pause' | undefined;
        Monitor?: number | undefined;
        MaxFailureRatio?: number | undefined;
        Order?: 'stop-first' | 'start-first' | undefined;
      }
    | undefined;
  Networks?: NetworkAttachmentConfig[] | undefined;
  EndpointSpec?: EndpointSpec | undefined;
}

export interface EndpointPortConfig {
  Name?: string | undefined;
  Protocol?: 'tcp' | 'udp' | 'sctp' | undefined;
  TargetPort?: number | undefined;
  PublishedPort?: number | undefined;
  PublishMode?: 'ingress' | 'host' | undefined;
}

export interface EndpointSpec {
  Mode?: 'vip' | 'dnsrr' | undefined;
  Ports?: EndpointPortConfig[] | undefined;
}

export interface Service {
  ID?: string | undefined;
  Version?: ObjectVersion | undefined;
  CreatedAt?: string | undefined;
  UpdatedAt?: string | undefined;
  Spec?: ServiceSpec | undefined;
  Endpoint?:
    | {
        Spec?: EndpointSpec | undefined;
        Ports?: EndpointPortConfig[] | undefined;
        VirtualIPs?:
          | {
              NetworkID?: string | undefined;
              Addr?: string | undefined;
            }[]
          | undefined;
      }
    | undefined;
  UpdateStatus?:
    | {
        State?: 'updating' | 'paused' | 'completed' | undefined;
        StartedAt?: string | undefined;
        CompletedAt?: string | undefined;
        Message?: string | undefined;
      }
    | undefined;
  ServiceStatus?:
    | {
        RunningTasks?: number | undefined;
        DesiredTasks?: number | undefined;
        CompletedTasks?: number | undefined;
      }
    | undefined;
  JobStatus?:
    | {
        JobIteration?: ObjectVersion | undefined;
        LastExecution?: string | undefined;
      }
    | undefined;
}

export interface ImageDeleteResponseItem {
  Untagged?: string | undefined;
  Deleted?: string | undefined;
}

export interface ServiceCreateResponse {
  ID?: string | undefined;
  Warnings?: string[] | null | undefined;
}

export interface ServiceUpdateResponse {
  Warnings?: string[] | undefined;
}

export interface ContainerInspectResponse {
  Id?: string | undefined;
  Created?: string | null | undefined;
  Path?: string | undefined;
  Args?: string[] | undefined;
  State?: ContainerState | undefined;
  Image?: string | undefined;
  ResolvConfPath?: string | undefined;
  HostnamePath?: string | undefined;
  HostsPath?: string | undefined;
  LogPath?: string | null | undefined;
  Name?: string | undefined;
  RestartCount?: number | undefined;
  Driver?: string | undefined;
  Platform?: string | undefined;
  ImageManifestDescriptor?: OCIDescriptor | undefined;
  MountLabel?: string | undefined;
  ProcessLabel?: string | undefined;
  AppArmorProfile?: string | undefined;
  ExecIDs?: string[] | null | undefined;
  HostConfig?: HostConfig | undefined;
  GraphDriver?: DriverData | undefined;
  SizeRw?: number | null | undefined;
  SizeRootFs?: number | null | undefined;
  Mounts?: MountPoint[] | undefined;
  Config?: ContainerConfig | undefined;
  NetworkSettings?: NetworkSettings | undefined;
}

export interface ContainerSummary {
  Id?: string | undefined;
  Names?: string[] | undefined;
  Image?: string | undefined;
  ImageID?: string | undefined;
  ImageManifestDescriptor?: OCIDescriptor | null | undefined;
  Command?: string | undefined;
  Created?: number | undefined;
  Ports?: Port[] | undefined;
  SizeRw?: number | null | undefined;
  SizeRootFs?: number | null | undefined;
  Labels?: Record<string, string> | undefined;
  State?: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing' | 'dead' | undefined;
  Status?: string | undefined;
  HostConfig?:
    | {
        NetworkMode?: string | undefined;
        Annotations?: Record<string, string> | null | undefined;
      }
    | undefined;
  NetworkSettings?:
    | {
        Networks?: Record<string, EndpointSettings> | undefined;
      }
    | undefined;
  Mounts?: MountPoint[] | undefined;
}

export interface Driver {
  Name: string;
  Options?: Record<string, string> | undefined;
}

export interface SecretSpec {
  Name?: string | undefined;
  Labels?: Record<string, string> | undefined;
  Data?: string | undefined;
  Driver?: Driver | undefined;
  Templating?: Driver | undefined;
}

export interface Secret {
  ID?: string | undefined;
  Version?: ObjectVersion | undefined;
  CreatedAt?: string | undefined;
  UpdatedAt?: string | undefined;
  Spec?: SecretSpec | undefined;
}

export interface ConfigSpec {
  Name?: string | undefined;
  Labels?: Record<string, string> | undefined;
  Data?: string | undefined;
  Templating?: Driver | undefined;
}

export interface Config {
  ID?: string | undefined;
  Version?: ObjectVersion | undefined;
  CreatedAt?: string | undefined;
  UpdatedAt?: string | undefined;
  Spec?: ConfigSpec | undefined;
}

export interface ContainerState {
  Status?: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead' | undefined;
  Running?: boolean | undefined;
  Paused?: boolean | undefined;
  Restarting?: boolean | undefined;
  OOMKilled?: boolean | undefined;
  Dead?: boolean | undefined;
  Pid?: number | undefined;
  ExitCode?: number | undefined;
  Error?: string | undefined;
  StartedAt?: string | undefined;
  FinishedAt?: string | undefined;
  Health?: Health | undefined;
}

export interface ContainerCreateResponse {
  Id: string;
  Warnings: string[];
}

export interface ContainerUpdateResponse {
  Warnings?: string[] | undefined;
}

export interface ContainerStatsResponse {
  name?: string | null | undefined;
  id?: string | null | undefined;
  read?: string | undefined;
  preread?: string | undefined;
  pids_stats?: ContainerPidsStats | undefined;
  blkio_stats?: ContainerBlkioStats | undefined;
  num_procs?: number | undefined;
  storage_stats?: ContainerStorageStats | undefined;
  cpu_stats?: ContainerCPUStats | undefined;
  precpu_stats?: ContainerCPUStats | undefined;
  memory_stats?: ContainerMemoryStats | undefined;
  networks?: Record<string, ContainerNetworkStats> | null | undefined;
}

export interface ContainerBlkioStats {
  io_service_bytes_recursive?: ContainerBlkioStatEntry[] | undefined;
  io_serviced_recursive?: ContainerBlkioStatEntry[] | null | undefined;
  io_queue_recursive?: ContainerBlkioStatEntry[] | null | undefined;
  io_service_time_recursive?: ContainerBlkioStatEntry[] | null | undefined;
  io_wait_time_recursive?: ContainerBlkioStatEntry[] | null | undefined;
  io_merged_recursive?: ContainerBlkioStatEntry[] | null | undefined;
  io_time_recursive?: ContainerBlkioStatEntry[] | null | undefined;
  sectors_recursive?: ContainerBlkioStatEntry[] | null | undefined;
}

export interface ContainerBlkioStatEntry {
  major?: number | undefined;
  minor?: number | undefined;
  op?: string | undefined;
  value?: number | undefined;
}

export interface ContainerCPUStats {
  cpu_usage?: ContainerCPUUsage | undefined;
  system_cpu_usage?: number | null | undefined;
  online_cpus?: number | null | undefined;
  throttling_data?: ContainerThrottlingData | undefined;
}

export interface ContainerCPUUsage {
  total_usage?: number | undefined;
  percpu_usage?: number[] | null | undefined;
  usage_in_kernelmode?: number | undefined;
  usage_in_usermode?: number | undefined;
}

export interface ContainerPidsStats {
  current?: number | null | undefined;
  limit?: number | null | undefined;
}

export interface ContainerThrottlingData {
  periods?: number | undefined;
  throttled_periods?: number | undefined;
  throttled_time?: number | undefined;
}

export interface ContainerMemoryStats {
  usage?: number | null | undefined;
  max_usage?: number | null | undefined;
  stats?: Record<string, number | null> | undefined;
  failcnt?: number | null | undefined;
  limit?: number | null | undefined;
  commitbytes?: number | null | undefined;
  commitpeakbytes?: number | null | undefined;
  privateworkingset?: number | null | undefined;
}

export interface ContainerNetworkStats {
  rx_bytes?: number | undefined;
  rx_packets?: number | undefined;
  rx_errors?: number | undefined;
  rx_dropped?: number | undefined;
  tx_bytes?: number | undefined;
  tx_packets?: number | undefined;
  tx_errors?: number | undefined;
  tx_dropped?: number | undefined;
  endpoint_id?: string | null | undefined;
  instance_id?: string | null | undefined;
}

export interface ContainerStorageStats {
  read_count_normalized?: number | null | undefined;
  read_size_bytes?: number | null | undefined;
  write_count_normalized?: number | null | undefined;
  write_size_bytes?: number | null | undefined;
}

export interface ContainerTopResponse {
  Titles?: string[] | undefined;
  Processes?: string[][] | undefined;
}

export interface ContainerWaitResponse {
  StatusCode: number;
  Error?: ContainerWaitExitError | undefined;
}

export interface ContainerWaitExitError {
  Message?: string | undefined;
}

export interface SystemVersion {
  Platform?:
    | {
        Name: string;
      }
    | undefined;
  Components?:
    | {
        Name: string;
        Version: string;
        Details?: Record<string, unknown> | null | undefined;
      }[]
    | undefined;
  Version?: string | undefined;
  ApiVersion?: string | undefined;
  MinAPIVersion?: string | undefined;
  GitCommit?: string | undefined;
  GoVersion?: string | undefined;
  Os?: string | undefined;
  Arch?: string | undefined;
  KernelVersion?: string | undefined;
  Experimental?: boolean | undefined;
  BuildTime?: string | undefined;
}

export interface SystemInfo {
  ID?: string | undefined;
  Containers?: number | undefined;
  ContainersRunning?: number | undefined;
  ContainersPaused?: number | undefined;
  ContainersStopped?: number | undefined;
  Images?: number | undefined;
  Driver?: string | undefined;
  DriverStatus?: string[][] | undefined;
  DockerRootDir?: string | undefined;
  Plugins?: PluginsInfo | undefined;
  MemoryLimit?: boolean | undefined;
  SwapLimit?: boolean | undefined;
  KernelMemoryTCP?: boolean | undefined;
  CpuCfsPeriod?: boolean | undefined;
  CpuCfsQuota?: boolean | undefined;
  CPUShares?: boolean | undefined;
  CPUSet?: boolean | undefined;
  PidsLimit?: boolean | undefined;
  OomKillDisable?: boolean | undefined;
  IPv4Forwarding?: boolean | undefined;
  Debug?: boolean | undefined;
  NFd?: number | undefined;
  NGoroutines?: number | undefined;
  SystemTime?: string | undefined;
  LoggingDriver?: string | undefined;
  CgroupDriver?: 'cgroupfs' | 'systemd' | 'none' | undefined;
  CgroupVersion?: '1' | '2' | undefined;
  NEventsListener?: number | undefined;
  KernelVersion?: string | undefined;
  OperatingSystem?: string | undefined;
  OSVersion?: string | undefined;
  OSType?: string | undefined;
  Architecture?: string | undefined;
  NCPU?: number | undefined;
  MemTotal?: number | undefined;
  IndexServerAddress?: string | undefined;
  RegistryConfig?: RegistryServiceConfig | undefined;
  GenericResources?: GenericResources | undefined;
  HttpProxy?: string | undefined;
  HttpsProxy?: string | undefined;
  NoProxy?: string | undefined;
  Name?: string | undefined;
  Labels?: string[] | undefined;
  ExperimentalBuild?: boolean | undefined;
  ServerVersion?: string | undefined;
  Runtimes?: Record<string, Runtime> | undefined;
  DefaultRuntime?: string | undefined;
  Swarm?: SwarmInfo | undefined;
  LiveRestoreEnabled?: boolean | undefined;
  Isolation?: 'default' | 'hyperv' | 'process' | '' | undefined;
  InitBinary?: string | undefined;
  ContainerdCommit?: Commit | undefined;
  RuncCommit?: Commit | undefined;
  InitCommit?: Commit | undefined;
  SecurityOptions?: string[] | undefined;
  ProductLicense?: string | undefined;
  DefaultAddressPools?:
    | {
        Base?: string | undefined;
        Size?: number | undefined;
      }[]
    | undefined;
  FirewallBackend?: FirewallInfo | undefined;
  DiscoveredDevices?: DeviceInfo[] | undefined;
  Warnings?: string[] | undefined;
  CDISpecDirs?: string[] | undefined;
  Containerd?: ContainerdInfo | undefined;
}

export interface ContainerdInfo {
  Address?: string | undefined;
  Namespaces?:
    | {
        Containers?: string | undefined;
        Plugins?: string | undefined;
      }
    | undefined;
}

export interface FirewallInfo {
  Driver?: string | undefined;
  Info?: string[][] | undefined;
}

export interface PluginsInfo {
  Volume?: string[] | undefined;
  Network?: string[] | undefined;
  Authorization?: string[] | undefined;
  Log?: string[] | undefined;
}

export interface RegistryServiceConfig {
  InsecureRegistryCIDRs?: string[] | undefined;
  IndexConfigs?: Record<string, IndexInfo> | undefined;
  Mirrors?: string[] | undefined;
}

export interface IndexInfo {
  Name?: string | undefined;
  Mirrors?: string[] | undefined;
  Secure?: boolean | undefined;
  Official?: boolean | undefined;
}

export interface Runtime {
  path?: string | undefined;
  runtimeArgs?: string[] | null | undefined;
  status?: Record<string, string> | null | undefined;
}

export interface Commit {
  ID?: string | undefined;
}

export interface SwarmInfo {
  NodeID?: string | undefined;
  NodeAddr?: string | undefined;
  LocalNodeState?: LocalNodeState | undefined;
  ControlAvailable?: boolean | undefined;
  Error?: string | undefined;
  RemoteManagers?: PeerNode[] | null | undefined;
  Nodes?: number | null | undefined;
  Managers?: number | null | undefined;
  Cluster?: ClusterInfo | undefined;
}

export type LocalNodeState = '' | 'inactive' | 'pending' | 'active' | 'error' | 'locked';

export interface PeerNode {
  NodeID?: string | undefined;
  Addr?: string | undefined;
}

export interface NetworkAttachmentConfig {
  Target?: string | undefined;
  Aliases?: string[] | undefined;
  DriverOpts?: Record<string, string> | undefined;
}

export interface EventActor {
  ID?: string | undefined;
  Attributes?: Record<string, string> | undefined;
}

export interface EventMessage {
  Type?:
    | 'builder'
    | 'config'
    | 'container'
    | 'daemon'
    | 'image'
    | 'network'
    | 'node'
    | 'plugin'
    | 'secret'
    | 'service'
    | 'volume'
    | undefined;
  Action?: string | undefined;
  Actor?: EventActor | undefined;
  scope?: 'local' | 'swarm' | undefined;
  time?: number | undefined;
  timeNano?: number | undefined;
}

export interface OCIDescriptor {
  mediaType?: string | undefined;
  digest?: string | undefined;
  size?: number | undefined;
  urls?: string[] | null | undefined;
  annotations?: Record<string, string> | null | undefined;
  data?: string | null | undefined;
  platform?: OCIPlatform | undefined;
  artifactType?: string | null | undefined;
}

export interface OCIPlatform {
  architecture?: string | undefined;
  os?: string | undefined;
  'os.version'?: string | undefined;
  'os.features'?: string[] | undefined;
  variant?: string | undefined;
}

export interface DistributionInspect {
  Descriptor: OCIDescriptor;
  Platforms: OCIPlatform[];
}

export interface ClusterVolume {
  ID?: string | undefined;
  Version?: ObjectVersion | undefined;
  CreatedAt?: string | undefined;
  UpdatedAt?: string | undefined;
  Spec?: ClusterVolumeSpec | undefined;
  Info?:
    | {
        CapacityBytes?: number | undefined;
        VolumeContext?: Record<string, string> | undefined;
        VolumeID?: string | undefined;
        AccessibleTopology?: Topology[] | undefined;
      }
    | undefined;
  PublishStatus?:
    | {
        NodeID?: string | undefined;
        State?:
          | 'pending-publish'
          | 'published'
          | 'pending-node-unpublish'
          | 'pending-controller-unpublish'
          | undefined;
        PublishContext?: Record<string, string> | undefined;
      }[]
    | undefined;
}

export interface ClusterVolumeSpec {
  Group?: string | undefined;
  AccessMode?:
    | {
        Scope?: 'single' | 'multi' | undefined;
        Sharing?: 'none' | 'readonly' | 'onewriter' | 'all' | undefined;
        MountVolume?: Record<string, unknown> | undefined;
        Secrets?:
          | {
              Key?: string | undefined;
              Secret?: string | undefined;
            }[]
          | undefined;
        AccessibilityRequirements?:
          | {
              Requisite?: Topology[] | undefined;
              Preferred?: Topology[] | undefined;
            }
          | undefined;
        CapacityRange?:
          | {
              RequiredBytes?: number | undefined;
              LimitBytes?: number | undefined;
            }
          | undefined;
        Availability?: 'active' | 'pause' | 'drain' | undefined;
      }
    | undefined;
}

export interface Topology {
  Segments?: Record<string, string> | undefined;
}

export interface ImageManifestSummary {
  ID: string;
  Descriptor: OCIDescriptor;
  Available: boolean;
  Size: {
    Total: number;
    Content: number;
  };
  Kind: 'image' | 'attestation' | 'unknown';
  ImageData?:
    | {
        Platform: OCIPlatform;
        Containers: string[];
        Size: {
          Unpacked: number;
        };
      }
    | null
    | undefined;
  AttestationData?:
    | {
        For: string;
      }
    | null
    | undefined;
}

export interface ContainerPruneResponse {
  ContainersDeleted?: string[] | undefined;
  SpaceReclaimed?: number | undefined;
}

export interface BuildPruneResponse {
  CachesDeleted?: string[] | undefined;
  SpaceReclaimed?: number | undefined;
}

export interface ImagePruneResponse {
  ImagesDeleted?: ImageDeleteResponseItem[] | undefined;
  SpaceReclaimed?: number | undefined;
}

export interface SystemAuthResponse {
  Status: string;
  IdentityToken?: string | undefined;
}

export interface SystemDataUsageResponse {
  LayersSize?: number | undefined;
  Images?: ImageSummary[] | undefined;
  Containers?: ContainerSummary[] | undefined;
  Volumes?: Volume[] | undefined;
  BuildCache?: BuildCache[] | undefined;
}

export interface ExecConfig {
  AttachStdin?: boolean | undefined;
  AttachStdout?: boolean | undefined;
  AttachStderr?: boolean | undefined;
  ConsoleSize?: number[] | null | undefined;
  DetachKeys?: string | undefined;
  Tty?: boolean | undefined;
  Env?: string[] | undefined;
  Cmd?: string[] | undefined;
  Privileged?: boolean | undefined;
  User?: string | undefined;
  WorkingDir?: string | undefined;
}

export interface ExecStartConfig {
  Detach?: boolean | undefined;
  Tty?: boolean | undefined;
  ConsoleSize?: number[] | null | undefined;
}

export interface ExecInspectResponse {
  CanRemove?: boolean | undefined;
  DetachKeys?: string | undefined;
  ID?: string | undefined;
  Running?: boolean | undefined;
  ExitCode?: number | undefined;
  ProcessConfig?: ProcessConfig | undefined;
  OpenStdin?: boolean | undefined;
  OpenStderr?: boolean | undefined;
  OpenStdout?: boolean | undefined;
  ContainerID?: string | undefined;
  Pid?: number | undefined;
}

export interface VolumePruneResponse {
  VolumesDeleted?: string[] | undefined;
  SpaceReclaimed?: number | undefined;
}

export interface NetworkCreateRequest {
  Name: string;
  Driver?: string | undefined;
  Scope?: string | undefined;
  Internal?: boolean | undefined;
  Attachable?: boolean | undefined;
  Ingress?: boolean | undefined;
  ConfigOnly?: boolean | undefined;
  ConfigFrom?: ConfigReference | undefined;
  IPAM?: IPAM | undefined;
  EnableIPv4?: boolean | undefined;
  EnableIPv6?: boolean | undefined;
  Options?: Record<string, string> | undefined;
  Labels?: Record<string, string> | undefined;
}

export interface NetworkConnectRequest {
  Container?: string | undefined;
  EndpointConfig?: EndpointSettings | undefined;
}

export interface NetworkDisconnectRequest {
  Container?: string | undefined;
  Force?: boolean | undefined;
}

export interface NetworkPruneResponse {
  NetworksDeleted?: string[] | undefined;
}

export interface SwarmInitRequest {
  ListenAddr?: string | undefined;
  AdvertiseAddr?: string | undefined;
  DataPathAddr?: string | undefined;
  DataPathPort?: number | undefined;
  DefaultAddrPool?: string[] | undefined;
  ForceNewCluster?: boolean | undefined;
  SubnetSize?: number | undefined;
  Spec?: SwarmSpec | undefined;
}

export interface SwarmJoinRequest {
  ListenAddr: string;
  AdvertiseAddr?: string | undefined;
  DataPathAddr?: string | undefined;
  RemoteAddrs: string[];
  JoinToken: string;
}

export interface UnlockKeyResponse {
  UnlockKey?: string | undefined;
}

export interface SwarmUnlockRequest {
  UnlockKey?: string | undefined;
}
