import { BuildOptionNotBuiltError } from '../errors.ts';

type Given = ReadonlyMap<string, string | undefined>;

/** Build arguments that speak to the builder, not to the Dockerfile, which need not declare them (its reference, "Predefined ARGs"). */
export const builderArguments = {
  syntax: 'BUILDKIT_SYNTAX',
  check: 'BUILDKIT_DOCKERFILE_CHECK',
  keepGitDirectory: 'BUILDKIT_CONTEXT_KEEP_GIT_DIR',
} as const;

const unbuilt = [
  'BUILDKIT_CACHE_MOUNT_NS',
  'BUILDKIT_INLINE_CACHE',
  'BUILDKIT_MULTI_PLATFORM',
  'BUILDKIT_SANDBOX_HOSTNAME',
  'BUILDKIT_SBOM_SCAN_CONTEXT',
  'BUILDKIT_SBOM_SCAN_STAGE',
];
const off = new Set([undefined, '', '0', 'false']);

/** Throws `BuildOptionNotBuiltError` for one that would have no effect. */
export function refuseUnbuiltArguments(given: Given): void {
  const found = unbuilt.find((name) => !off.has(given.get(name)));
  if (found !== undefined) throw new BuildOptionNotBuiltError(`the build argument ${found}`);
}
