import { type InstalledPackage, packageUrl, type SystemRelease } from './package.ts';

/** Packages that dpkg's status file (or one of a distroless image's `status.d`) lists as installed (dpkg-query(1), deb-control(5)). */
export function dpkgPackages(text: string, foundIn: string, release: SystemRelease): InstalledPackage[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'm').exec(paragraph)?.[1] ?? '';
    const status = field('Status');
    const name = field('Package');
    if (name === '' || (status !== '' && !status.endsWith(' installed'))) return [];
    const version = field('Version');
    const url = packageUrl({
      type: 'deb',
      namespace: release.id || 'debian',
      name,
      version,
      qualifiers: { arch: field('Architecture'), distro: distroOf(release) },
    });
    return [{ name, version, url, foundIn, license: '' }];
  });
}

function distroOf({ id, versionId }: SystemRelease): string {
  return id === '' || versionId === '' ? '' : `${id}-${versionId}`;
}
