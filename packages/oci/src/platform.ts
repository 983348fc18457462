import { InvalidPlatformError } from './errors.ts';
import type { Platform } from './image-spec.ts';

const componentGrammar = /^[A-Za-z0-9_.-]{1,64}$/;

const operatingSystems: ReadonlySet<string> = new Set([
  'aix',
  'android',
  'darwin',
  'dragonfly',
  'freebsd',
  'illumos',
  'ios',
  'js',
  'linux',
  'netbsd',
  'openbsd',
  'plan9',
  'solaris',
  'wasip1',
  'windows',
]);

const architectures: ReadonlySet<string> = new Set([
  '386',
  'amd64',
  'arm',
  'arm64',
  'loong64',
  'mips',
  'mips64',
  'mips64le',
  'mipsle',
  'ppc64',
  'ppc64le',
  'riscv64',
  's390x',
  'wasm',
]);

const nodeArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** The platform of the machine we run on (containers are always Linux), normalised. */
export function hostPlatform(nodeArchitecture: string = process.arch): Platform {
  const architecture = nodeArchitectures[nodeArchitecture] ?? nodeArchitecture;
  return normalizePlatform({ os: 'linux', architecture });
}

/**
 * Parses `os[/architecture[/variant]]` or an architecture alone as Docker does, normalised; what is left out is
 * `host`'s. Throws `InvalidPlatformError`.
 */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.split('/');
  if (parts.length > 3 || !parts.every((part) => componentGrammar.test(part))) {
    throw new InvalidPlatformError(text, 'a platform is os[/architecture[/variant]]');
  }
  const [first = '', architecture, variant] = parts;
  if (architecture !== undefined) {
    return normalizePlatform({ os: first, architecture, ...(variant === undefined ? {} : { variant }) });
  }
  const alone = normalizePlatform({ os: first, architecture: first });
  if (operatingSystems.has(alone.os)) return { ...host, os: alone.os };
  if (!architectures.has(alone.architecture)) {
    throw new InvalidPlatformError(text, 'unknown operating system or architecture');
  }
  return { ...alone, os: host.os };
}

/** `linux/arm/v7`; the variant only where there is one. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

/** One spelling for each platform: `x86_64` is `amd64`, `arm64/v8` is `arm64`, `arm` is `arm/v7`. */
export function normalizePlatform(platform: Platform): Platform {
  const { variant: givenVariant, ...rest } = platform;
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase();
  const { architecture, variant } = normalizeArchitecture(
    platform.architecture.toLowerCase(),
    (givenVariant ?? '').toLowerCase(),
  );
  return { ...rest, os, architecture, ...(variant === '' ? {} : { variant }) };
}

function normalizeArchitecture(
  architecture: string,
  variant: string,
): { architecture: string; variant: string } {
  switch (architecture) {
    case 'i386':
      return { architecture: '386', variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: variant === 'v1' ? '' : variant };
    case 'aarch64':
    case 'arm64':
      return { architecture: 'arm64', variant: variant === '8' || variant === 'v8' ? '' : withV(variant) };
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      return { architecture: 'arm', variant: variant === '' ? 'v7' : withV(variant) };
    default:
      return { architecture, variant };
  }
}

function withV(variant: string): string {
  return /^\d/.test(variant) ? `v${variant}` : variant;
}

/**
 * What a machine of `platform` can run, best first: itself, older variants, then (unless `strict`) the 32-bit
 * architecture that it also executes.
 */
export function compatiblePlatforms(platform: Platform, options: { strict?: boolean } = {}): Platform[] {
  const { os, architecture, variant } = normalizePlatform(platform);
  const own = olderVariants(architecture, variant ?? '').map((variant) => make(os, architecture, variant));
  if (options.strict === true) return own;
  if (architecture === 'amd64') return [...own, make(os, '386', '')];
  if (architecture === 'arm64') {
    return [...own, ...olderVariants('arm', 'v8').map((variant) => make(os, 'arm', variant))];
  }
  return own;
}

function make(os: string, architecture: string, variant: string): Platform {
  return { os, architecture, ...(variant === '' ? {} : { variant }) };
}

const oldestVariants: Readonly<Record<string, number>> = { amd64: 1, arm: 5, arm64: 8 };

/** From the variant down; the oldest of amd64 and arm64 is spelled as none. */
function olderVariants(architecture: string, variant: string): string[] {
  const oldest = oldestVariants[architecture];
  const major = /^v(\d+)(?:\.\d+)?$/.exec(variant)?.[1];
  if (oldest === undefined || major === undefined || Number(major) > 99) return [variant];
  const variants = variant.includes('.') ? [variant] : [];
  for (let number = Number(major); number >= oldest; number -= 1) {
    variants.push(number === oldest && architecture !== 'arm' ? '' : `v${number}`);
  }
  return variants.length === 0 ? [variant] : variants;
}

/**
 * The item that suits `wanted` best, the first of equals; undefined when none can run there. Items without a platform
 * (attestations say `unknown/unknown`) never suit.
 */
export function choosePlatform<T>(
  items: readonly T[],
  platformOf: (item: T) => Platform | undefined,
  wanted: { platform: Platform; strict?: boolean },
): T | undefined {
  const offered = items.map((item) => {
    const platform = platformOf(item);
    return platform === undefined ? undefined : formatPlatform(normalizePlatform(platform));
  });
  for (const platform of compatiblePlatforms(wanted.platform, wanted)) {
    const index = offered.indexOf(formatPlatform(platform));
    if (index !== -1) return items[index];
  }
  return undefined;
}
