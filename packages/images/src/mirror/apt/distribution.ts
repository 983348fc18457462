/** A distribution whose images can be made, and how its archive is laid out. */
export interface Distribution {
  /** As in `mirror/debian`, and in os-release. */
  id: 'debian' | 'ubuntu';
  /** `Origin` of its Release files. */
  origin: string;
  /** Its key ring's file begins so. */
  keyringPrefix: string;
  /** Of these, what the host's apt uses. */
  components: readonly string[];
  /** Suites that have no updates and no security suite. */
  rolling: readonly string[];
  /** What `latest` means on another distribution's host. */
  defaultSuite: string | undefined;
  /** Suites that any mirror of it has. */
  aliases: readonly string[];
}

export const distributions: Readonly<Record<Distribution['id'], Distribution>> = {
  debian: {
    id: 'debian',
    origin: 'Debian',
    keyringPrefix: 'debian-archive-',
    components: ['main'],
    rolling: ['sid', 'unstable', 'experimental', 'rc-buggy'],
    defaultSuite: 'stable',
    aliases: ['oldstable', 'stable', 'testing', 'unstable'],
  },
  ubuntu: {
    id: 'ubuntu',
    origin: 'Ubuntu',
    keyringPrefix: 'ubuntu-archive-',
    components: ['main', 'restricted', 'universe', 'multiverse'],
    rolling: [],
    defaultSuite: undefined,
    aliases: ['devel'],
  },
};
