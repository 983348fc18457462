import { BuildOptionNotBuiltError } from '../errors.ts';

type Given = ReadonlyMap<string, string | undefined>;

/** Build arguments that speak to the builder, not to the Dockerfile, which need not declare them (its reference, "Predefined ARGs"). */
export const builderArguments = {
  syntax: 'BUILDKIT_SYNTAX',
  check: 'BUILDKIT_DOCKERFILE_CHECK',
  keepGitDirectory: 'BUILDKIT_CONTEXT_KEEP_GIT_DIR',
  inlineCache: 'BUILDKIT_INLINE_CACHE',
  cacheMountNamespace: 'BUILDKIT_CACHE_MOUNT_NS',
  multiPlatform: 'BUILDKIT_MULTI_PLATFORM',
  hostname: 'BUILDKIT_SANDBOX_HOSTNAME',
  name: 'BUILDKIT_BUILD_NAME',
} as const;

const unbuilt = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'];
/** Whether a flag is given and true. */
export function isOn(given: Given, name: string): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(given.get(name) ?? '');
}

const off = new Set([undefined, '', '0', 'false']);

/** Throws `BuildOptionNotBuiltError` for one that would have no effect. */
export function refuseUnbuiltArguments(given: Given): void {
  const found = unbuilt.find((name) => !off.has(given.get(name)));
  if (found !== undefined) throw new BuildOptionNotBuiltError(`the build argument ${found}`);
}
