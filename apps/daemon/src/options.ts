/** One option of gantryd: its daemon.json key, its flag (dockerd's), its shape. Everything else is derived from this table. */
export interface DaemonOption {
  key: string;
  flag: string;
  short?: string;
  /**
   * A map is an object in daemon.json, and `name=value`, repeatable, as a flag; its value here is a list of those. Runtimes
   * are a map too, whose values are paths, or JSON objects as Docker has them in the file. `maps` are a map of maps, as a flag
   * `name=key=value`; `objects` are a list of objects, as a flag `key=value,key=value`. `ulimits` are Docker's objects by name,
   * as a flag `name=soft:hard`; `builder` is dockerd's object, as a flag its JSON. A size is bytes, or a text such as `64M`.
   */
  type:
    | 'string'
    | 'boolean'
    | 'builder'
    | 'integer'
    | 'list'
    | 'map'
    | 'maps'
    | 'objects'
    | 'runtimes'
    | 'size'
    | 'ulimits';
  /** A SIGHUP puts the file's new value in force. */
  reloadable?: true;
  /** The object of daemon.json that the key stands in, where it is not the file itself. */
  within?: 'proxies';
  help: string;
}

/** dockerd's names for what Gantry has; a flag or key that is not here is refused. */
export const daemonOptions: readonly DaemonOption[] = [
  {
    key: 'builder',
    flag: 'builder',
    type: 'builder',
    reloadable: true,
    help: 'How the build cache is collected, and what builds may be granted, as JSON (gc, entitlements)',
  },
  { key: 'bip', flag: 'bip', type: 'string', help: 'IPv4 address and prefix of the default bridge (CIDR)' },
  { key: 'bip6', flag: 'bip6', type: 'string', help: 'IPv6 address and prefix of the default bridge (CIDR)' },
  {
    key: 'default-gateway',
    flag: 'default-gateway',
    type: 'string',
    help: "Gateway of the default bridge's containers, in the place of the bridge",
  },
  {
    key: 'default-gateway-v6',
    flag: 'default-gateway-v6',
    type: 'string',
    help: "IPv6 gateway of the default bridge's containers, in the place of the bridge",
  },
  {
    key: 'fixed-cidr',
    flag: 'fixed-cidr',
    type: 'string',
    help: 'Part of the default bridge that containers get addresses from (CIDR)',
  },
  {
    key: 'fixed-cidr-v6',
    flag: 'fixed-cidr-v6',
    type: 'string',
    help: 'IPv6 subnet of the default bridge (CIDR); its part for containers when there is a bip6',
  },
  {
    key: 'icc',
    flag: 'icc',
    type: 'boolean',
    help: 'Containers of the default bridge reach each other (the default)',
  },
  {
    key: 'ip',
    flag: 'ip',
    type: 'string',
    help: 'Host address that ports are published on when none is named; all when missing',
  },
  {
    key: 'publish-policy',
    flag: 'publish-policy',
    type: 'string',
    help: "Who decides about published ports: 'host', the host's own input rules; 'open' (the default), nobody",
  },
  {
    key: 'allow-direct-routing',
    flag: 'allow-direct-routing',
    type: 'boolean',
    help: "Published ports are reached by the container's address too, by who has a route there",
  },
  {
    key: 'bridge-accept-fwmark',
    flag: 'bridge-accept-fwmark',
    type: 'string',
    help: "Packets with this mark of the host's own rules may enter networks (0x1 or 0x1/0x3)",
  },
  {
    key: 'iptables',
    flag: 'iptables',
    type: 'boolean',
    help: 'Write rules for packets (the default); false: none, of either family, and published ports are relayed',
  },
  {
    key: 'ip6tables',
    flag: 'ip6tables',
    type: 'boolean',
    help: 'As iptables: the rules are of both families, or there are none',
  },
  {
    key: 'ip-forward',
    flag: 'ip-forward',
    type: 'boolean',
    help: "Turn the host's forwarding on (the default)",
  },
  {
    key: 'ip-masq',
    flag: 'ip-masq',
    type: 'boolean',
    help: "The default bridge's packets leave with the host's address (the default)",
  },
  { key: 'ipv6', flag: 'ipv6', type: 'boolean', help: 'The default bridge has IPv6 too' },
  { key: 'mtu', flag: 'mtu', type: 'integer', help: 'MTU of the default bridge; 1500 when missing' },
  {
    key: 'bridge',
    flag: 'bridge',
    short: 'b',
    type: 'string',
    help: "Name of the default bridge, or 'none'",
  },
  {
    key: 'data-root',
    flag: 'data-root',
    type: 'string',
    help: 'Directory of images, containers and volumes',
  },
  {
    key: 'cgroup-parent',
    flag: 'cgroup-parent',
    type: 'string',
    help: 'Cgroup that the cgroups of containers are made in',
  },
  {
    key: 'cpu-rt-period',
    flag: 'cpu-rt-period',
    type: 'integer',
    help: "Real-time period of the cgroups above containers' (microseconds; cgroups v1)",
  },
  {
    key: 'cpu-rt-runtime',
    flag: 'cpu-rt-runtime',
    type: 'integer',
    help: 'Time in it that real-time processes of all containers have (microseconds; cgroups v1)',
  },
  {
    key: 'exec-opts',
    flag: 'exec-opt',
    type: 'list',
    help: 'native.cgroupdriver=cgroupfs|systemd',
  },
  {
    key: 'cdi-spec-dirs',
    flag: 'cdi-spec-dir',
    type: 'list',
    help: 'Directory of device specifications (CDI), repeatable',
  },
  {
    key: 'shared-content',
    flag: 'shared-content',
    type: 'list',
    help: "Content directory of a registry on the data root's file system, whose blobs are linked, repeatable",
  },
  {
    key: 'default-address-pools',
    flag: 'default-address-pool',
    type: 'objects',
    help: 'Where networks get subnets from (base=10.10.0.0/16,size=24), repeatable',
  },
  {
    key: 'default-network-opts',
    flag: 'default-network-opt',
    type: 'maps',
    help: 'Option of new networks of a driver (driver=option=value), repeatable',
  },
  {
    key: 'default-cgroupns-mode',
    flag: 'default-cgroupns-mode',
    type: 'string',
    reloadable: true,
    help: "Cgroup namespace of containers that ask for none: 'private' or 'host'; by the cgroup version when missing",
  },
  {
    key: 'default-ipc-mode',
    flag: 'default-ipc-mode',
    type: 'string',
    reloadable: true,
    help: "IPC namespace of containers that ask for none: 'private' (the default) or 'shareable'",
  },
  {
    key: 'default-shm-size',
    flag: 'default-shm-size',
    type: 'size',
    reloadable: true,
    help: 'Size of /dev/shm of containers that ask for none; 64M when missing',
  },
  {
    key: 'default-ulimits',
    flag: 'default-ulimit',
    type: 'ulimits',
    help: 'Resource limit of containers that ask for none of its kind (nofile=1024:2048), repeatable',
  },
  { key: 'dns', flag: 'dns', type: 'list', help: 'Name server of containers that ask for none, repeatable' },
  {
    key: 'dns-opts',
    flag: 'dns-opt',
    type: 'list',
    help: 'Resolver option of containers that ask for none, repeatable',
  },
  {
    key: 'dns-search',
    flag: 'dns-search',
    type: 'list',
    help: 'Search domain of containers that ask for none, repeatable',
  },
  {
    key: 'host-gateway-ips',
    flag: 'host-gateway-ip',
    type: 'list',
    help: "What 'host-gateway' of --add-host stands for; the default bridge's address when missing",
  },
  {
    key: 'authorization-plugins',
    flag: 'authorization-plugin',
    type: 'list',
    reloadable: true,
    help: 'Plugin that is asked before and after each request, repeatable',
  },
  {
    key: 'debug',
    flag: 'debug',
    short: 'D',
    type: 'boolean',
    reloadable: true,
    help: 'Log at debug level',
  },
  {
    key: 'default-runtime',
    flag: 'default-runtime',
    type: 'string',
    reloadable: true,
    help: 'OCI runtime of containers that ask for none: crun, runc, an added one or a path',
  },
  {
    key: 'exec-root',
    flag: 'exec-root',
    type: 'string',
    help: 'Directory of what need not survive a reboot',
  },
  { key: 'group', flag: 'group', short: 'G', type: 'string', help: 'Group of the unix socket' },
  {
    key: 'hosts',
    flag: 'host',
    short: 'H',
    type: 'list',
    help: 'Socket to listen on (unix://, fd:// or tcp://), repeatable',
  },
  {
    key: 'log-format',
    flag: 'log-format',
    type: 'string',
    help: "How the daemon's own log is written: json (the default) or text, as dockerd's",
  },
  {
    key: 'log-level',
    flag: 'log-level',
    short: 'l',
    type: 'string',
    help: 'Lowest level logged: debug, info, warn, error or fatal',
  },
  {
    key: 'log-driver',
    flag: 'log-driver',
    type: 'string',
    help: 'Default log driver of containers',
  },
  {
    key: 'log-opts',
    flag: 'log-opt',
    type: 'map',
    help: 'Default options of that log driver (name=value), repeatable',
  },
  {
    key: 'features',
    flag: 'feature',
    type: 'map',
    reloadable: true,
    help: 'Feature of dockerd, as it is here (buildkit=true, cdi=true, containerd-snapshotter=false), repeatable',
  },
  {
    key: 'http-proxy',
    flag: 'http-proxy',
    type: 'string',
    within: 'proxies',
    help: "Proxy to registries that have no TLS, in the place of the environment's (URL)",
  },
  {
    key: 'https-proxy',
    flag: 'https-proxy',
    type: 'string',
    within: 'proxies',
    help: "Proxy to registries, in the place of the environment's (URL)",
  },
  {
    key: 'no-proxy',
    flag: 'no-proxy',
    type: 'string',
    within: 'proxies',
    help: "Hosts that no proxy is used for, in the place of the environment's (comma-separated)",
  },
  {
    key: 'init',
    flag: 'init',
    type: 'boolean',
    help: 'Containers that do not say otherwise have an init process',
  },
  { key: 'init-path', flag: 'init-path', type: 'string', help: 'The program of --init' },
  {
    key: 'insecure-registries',
    flag: 'insecure-registry',
    type: 'list',
    reloadable: true,
    help: 'Registry that is reached without TLS, or with certificates that are not checked, repeatable',
  },
  {
    key: 'labels',
    flag: 'label',
    type: 'list',
    reloadable: true,
    help: 'Label of this engine (key=value), repeatable',
  },
  {
    key: 'live-restore',
    flag: 'live-restore',
    type: 'boolean',
    reloadable: true,
    help: 'Containers outlive the engine (the default, unlike dockerd); false stops them with it',
  },
  {
    key: 'max-concurrent-downloads',
    flag: 'max-concurrent-downloads',
    type: 'integer',
    reloadable: true,
    help: 'Layers of a pull that are fetched at once',
  },
  {
    key: 'max-concurrent-uploads',
    flag: 'max-concurrent-uploads',
    type: 'integer',
    reloadable: true,
    help: 'Layers of a push that are sent at once',
  },
  {
    key: 'max-download-attempts',
    flag: 'max-download-attempts',
    type: 'integer',
    reloadable: true,
    help: 'Times that a layer is tried',
  },
  {
    key: 'metrics-addr',
    flag: 'metrics-addr',
    type: 'string',
    help: "Address (host:port) at which Prometheus reads the engine's measures; whoever reaches it may read them",
  },
  {
    key: 'no-new-privileges',
    flag: 'no-new-privileges',
    type: 'boolean',
    help: 'Containers that do not say otherwise gain no privileges by setuid programs',
  },
  {
    key: 'oom-score-adjust',
    flag: 'oom-score-adjust',
    type: 'integer',
    help: 'How readily the kernel ends gantryd when memory is short (-1000 to 1000); containers have their own',
  },
  { key: 'pidfile', flag: 'pidfile', short: 'p', type: 'string', help: 'File for the process id' },
  {
    key: 'registry-mirrors',
    flag: 'registry-mirror',
    type: 'list',
    reloadable: true,
    help: 'Mirror of Docker Hub (URL), repeatable',
  },
  {
    key: 'runtimes',
    flag: 'add-runtime',
    type: 'runtimes',
    reloadable: true,
    help: 'Further OCI runtime (name=path), repeatable',
  },
  {
    key: 'seccomp-profile',
    flag: 'seccomp-profile',
    type: 'string',
    help: "System calls of containers that do not say otherwise: 'builtin' (the default), 'unconfined' or a profile's path",
  },
  {
    key: 'shutdown-timeout',
    flag: 'shutdown-timeout',
    type: 'integer',
    reloadable: true,
    help: 'Seconds that open requests, and containers without live-restore, get when the daemon stops',
  },
  {
    key: 'signature-policy',
    flag: 'signature-policy',
    type: 'string',
    reloadable: true,
    help: 'File that says which images come only with a signature (docs/signatures.md)',
  },
  {
    key: 'storage-opts',
    flag: 'storage-opt',
    type: 'list',
    help: 'Most that containers write which do not say otherwise (overlay2.size=10G)',
  },
  {
    key: 'trusted-token-services',
    flag: 'trusted-token-service',
    type: 'list',
    reloadable: true,
    help: 'Host of a token service that gets the credentials of any registry that names it, repeatable',
  },
  { key: 'tls', flag: 'tls', type: 'boolean', help: 'Serve TCP with TLS; with tlsverify only' },
  { key: 'tlscacert', flag: 'tlscacert', type: 'string', help: 'CA that client certificates must come from' },
  { key: 'tlscert', flag: 'tlscert', type: 'string', help: "The daemon's certificate" },
  { key: 'tlskey', flag: 'tlskey', type: 'string', help: "The certificate's private key" },
  {
    key: 'tlsverify',
    flag: 'tlsverify',
    type: 'boolean',
    help: 'Serve TCP with mutual TLS; refused without, unless both tls and tlsverify are said to be false',
  },
  {
    key: 'userns-remap',
    flag: 'userns-remap',
    type: 'string',
    help: 'User (and group) whose subordinate ids containers have for users: default, user, user:group',
  },
];

export type OptionValue = string | boolean | number | readonly string[];

/** Option values by daemon.json key. */
export type OptionValues = Record<string, OptionValue>;
