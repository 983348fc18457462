/** A package that is installed in a file system. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** A package URL (github.com/package-url/purl-spec). */
  readonly url: string;
  /** Absolute: the file that says so. */
  readonly foundIn: string;
  /** As its maker writes it; empty when he does not. */
  readonly license: string;
}

export interface PackageUrlParts {
  /** `deb`, `apk`, `npm`, `pypi`, `golang`. */
  readonly type: string;
  /** Empty for none; parts of it have slashes between. */
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  /** In the order of their names; empty ones are left out. */
  readonly qualifiers?: Readonly<Record<string, string>>;
}

export function packageUrl({ type, namespace, name, version, qualifiers = {} }: PackageUrlParts): string {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll('%3A', ':');
  const given = Object.entries(qualifiers).filter(([, value]) => value !== '');
  const query = given
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${encode(value)}`);
  const parts = [
    type,
    ...(namespace === '' ? [] : [namespace.split('/').map(encode).join('/')]),
    encode(name),
  ];
  return `pkg:${parts.join('/')}@${encode(version)}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** What `/etc/os-release` says of the system. */
export interface SystemRelease {
  /** `debian`, `alpine`; empty when it does not say. */
  readonly id: string;
  readonly versionId: string;
}

/** Values may stand in quotes (os-release(5)). */
export function readSystemRelease(text: string): SystemRelease {
  const value = (name: string): string => {
    const [, found = ''] = new RegExp(`^${name}=["']?([^"'\n]*)["']?$`, 'm').exec(text) ?? [];
    return found;
  };
  return { id: value('ID'), versionId: value('VERSION_ID') };
}
