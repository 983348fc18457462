import { familiarName, formatPlatform, type Platform, type Reference } from '@gantry/oci';

/** The package URL of an image for a platform, as BuildKit writes it: `pkg:docker/nginx@latest?platform=linux%2Famd64`. */
export function imagePackageUrl(reference: Reference, platform?: Platform): string {
  const { tag, digest } = reference;
  const version = tag ?? digest;
  const qualifiers = [
    ...(tag !== undefined && digest !== undefined ? [`digest=${digest}`] : []),
    ...(platform === undefined ? [] : [`platform=${encodeURIComponent(formatPlatform(platform))}`]),
  ];
  const name = familiarName(reference).split('/').map(encodeURIComponent).join('/');
  return [
    `pkg:docker/${name}`,
    ...(version === undefined ? [] : [`@${encodeURIComponent(version)}`]),
    ...(qualifiers.length === 0 ? [] : [`?${qualifiers.join('&')}`]),
  ].join('');
}
