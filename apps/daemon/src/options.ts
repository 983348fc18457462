/** One option of gantryd: its daemon.json key, its flag (dockerd's), its shape. Everything else is derived from this table. */
export interface DaemonOption {
  key: string;
  flag: string;
  short?: string;
  /** A map is an object in daemon.json, and `name=value`, repeatable, as a flag; its value here is a list of those. */
  type: 'string' | 'boolean' | 'integer' | 'list' | 'map';
  help: string;
}

/** dockerd's names for what Gantry has; a flag or key that is not here is refused. */
export const daemonOptions: readonly DaemonOption[] = [
  { key: 'bip', flag: 'bip', type: 'string', help: 'IPv4 address and prefix of the default bridge (CIDR)' },
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
    key: 'cdi-spec-dirs',
    flag: 'cdi-spec-dir',
    type: 'list',
    help: 'Directory of device specifications (CDI), repeatable',
  },
  { key: 'debug', flag: 'debug', short: 'D', type: 'boolean', help: 'Log at debug level' },
  {
    key: 'default-runtime',
    flag: 'default-runtime',
    type: 'string',
    help: 'OCI runtime: crun, runc or a path',
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
  { key: 'pidfile', flag: 'pidfile', short: 'p', type: 'string', help: 'File for the process id' },
  {
    key: 'shutdown-timeout',
    flag: 'shutdown-timeout',
    type: 'integer',
    help: 'Seconds that open requests get when the daemon stops; containers go on',
  },
  { key: 'tlscacert', flag: 'tlscacert', type: 'string', help: 'CA that client certificates must come from' },
  { key: 'tlscert', flag: 'tlscert', type: 'string', help: "The daemon's certificate" },
  { key: 'tlskey', flag: 'tlskey', type: 'string', help: "The certificate's private key" },
  {
    key: 'tlsverify',
    flag: 'tlsverify',
    type: 'boolean',
    help: 'Serve TCP with mutual TLS; TCP without it is refused',
  },
];

export type OptionValue = string | boolean | number | readonly string[];

/** Option values by daemon.json key. */
export type OptionValues = Record<string, OptionValue>;
