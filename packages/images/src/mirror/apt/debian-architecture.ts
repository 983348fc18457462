import type { Platform } from '@gantry/oci';

const names: Readonly<Record<string, string>> = {
  '386': 'i386',
  amd64: 'amd64',
  arm64: 'arm64',
  'arm/v5': 'armel',
  'arm/v6': 'armel',
  'arm/v7': 'armhf',
  loong64: 'loong64',
  mips64le: 'mips64el',
  ppc64le: 'ppc64el',
  riscv64: 'riscv64',
  s390x: 's390x',
};

/** Debian's name of an architecture; undefined when it has none. */
export function debianArchitecture({ architecture, variant }: Platform): string | undefined {
  return names[variant === undefined ? architecture : `${architecture}/${variant}`] ?? names[architecture];
}
