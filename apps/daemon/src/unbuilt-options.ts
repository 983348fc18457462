/** Options of dockerd that Gantry knows and does not have, by flag, and by daemon.json key where that differs. */
interface UnbuiltOption {
  /** Empty: there is a key alone. */
  flag: string;
  key?: string;
  /** The one value that is true of Gantry, and so may be given. */
  only?: string;
  /** Why there is no other; "not built yet" when missing. */
  why?: string;
}

const noSwarm = 'there is no swarm mode yet';
const noContainerd = 'there is no containerd: one process does it all';

const options: readonly UnbuiltOption[] = [
  { flag: 'allow-nondistributable-artifacts' },
  { flag: 'api-cors-header', why: 'browsers are never let in' },
  { flag: 'cluster-advertise', why: noSwarm },
  { flag: 'cluster-store', why: noSwarm },
  { flag: 'containerd', why: noContainerd },
  { flag: 'containerd-namespace', why: noContainerd },
  { flag: 'containerd-plugins-namespace', why: noContainerd },
  { flag: 'cri-containerd', why: noContainerd },
  { flag: '', key: 'deprecated-key-path', why: 'the engine has no key' },
  { flag: 'experimental', only: 'false', why: 'there are no experimental features' },
  { flag: 'firewall-backend', only: 'nftables', why: 'the firewall is nftables' },
  {
    flag: 'ip-forward-no-drop',
    only: 'true',
    why: "the policy of the host's forward chain is never changed",
  },
  { flag: 'network-control-plane-mtu', why: noSwarm },
  { flag: 'network-diagnostic-port', why: noSwarm },
  { flag: 'node-generic-resource', key: 'node-generic-resources', why: noSwarm },
  { flag: 'raw-logs', only: 'true', why: 'the log has full times and never colours' },
  { flag: 'rootless', only: 'false' },
  { flag: 'selinux-enabled', only: 'false' },
  { flag: 'storage-driver', only: 'overlay2', why: 'layers are stacked by overlayfs' },
  { flag: 'swarm-default-advertise-addr', why: noSwarm },
  { flag: 'userland-proxy', only: 'false', why: 'the kernel forwards published ports, no process does' },
  { flag: 'userland-proxy-path', why: 'the kernel forwards published ports, no process does' },
];

/**
 * What to say to an option of dockerd that is not built: the refusal, or `''` when `value` is the one that is true anyway.
 * Undefined for an option that dockerd does not have either.
 */
export function refusalOf(where: 'flag' | 'key', name: string, value: unknown): string | undefined {
  const option = options.find(({ flag, key = flag }) => (where === 'flag' ? flag : key) === name);
  if (option === undefined) return undefined;
  const { only, why } = option;
  if (only !== undefined && String(value) === only) return '';
  const named = where === 'flag' ? `--${name}` : `'${name}'`;
  if (only !== undefined) return `${named} can only be ${only}: ${why ?? 'anything else is not built yet'}`;
  return why === undefined ? `${named} is not built yet` : `${named} is refused: ${why}`;
}

/** Whether dockerd's flag takes no value unless one is attached (`--flag=value`). */
export function isBooleanFlag(flag: string): boolean {
  const option = options.find((candidate) => candidate.flag === flag);
  return option?.only === 'true' || option?.only === 'false';
}
