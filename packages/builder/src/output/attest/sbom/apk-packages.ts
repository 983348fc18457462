import { type InstalledPackage, packageUrl, type SystemRelease } from './package.ts';

/** Packages of apk's database of what is installed: paragraphs of lines that begin with one letter (apk-package(5)). */
export function apkPackages(text: string, foundIn: string, release: SystemRelease): InstalledPackage[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (letter: string): string => new RegExp(`^${letter}:(.*)$`, 'm').exec(paragraph)?.[1] ?? '';
    const name = field('P');
    if (name === '') return [];
    const version = field('V');
    const url = packageUrl({
      type: 'apk',
      namespace: release.id || 'alpine',
      name,
      version,
      qualifiers: { arch: field('A'), distro: release.versionId && `${release.id}-${release.versionId}` },
    });
    return [{ name, version, url, foundIn, license: field('L') }];
  });
}
