import type { RuntimeSeccomp } from '@gantry/oci';
import type { SpecHost } from '../spec-host.ts';
import type { ProfileRule, RuleCondition, SeccompProfile } from './seccomp-profile.ts';

/** Go's names of processors, which profiles use, and libseccomp's. */
const names: Readonly<Partial<Record<NodeJS.Architecture, { go: string; seccomp: string }>>> = {
  x64: { go: 'amd64', seccomp: 'SCMP_ARCH_X86_64' },
  ia32: { go: 'x86', seccomp: 'SCMP_ARCH_X86' },
  arm64: { go: 'arm64', seccomp: 'SCMP_ARCH_AARCH64' },
  arm: { go: 'arm', seccomp: 'SCMP_ARCH_ARM' },
  riscv64: { go: 'riscv64', seccomp: 'SCMP_ARCH_RISCV64' },
  s390x: { go: 's390x', seccomp: 'SCMP_ARCH_S390X' },
  ppc64: { go: 'ppc64le', seccomp: 'SCMP_ARCH_PPC64LE' },
};

/** What of a profile holds for a container with these capabilities on this host, as the OCI runtime takes it. */
export function resolveSeccompProfile(
  profile: SeccompProfile,
  capabilities: ReadonlySet<string>,
  host: SpecHost,
): RuntimeSeccomp {
  const native = names[host.architecture];
  const mapped = profile.archMap?.find(({ architecture }) => architecture === native?.seccomp);
  const architectures =
    profile.architectures ?? (mapped && [mapped.architecture, ...mapped.subArchitectures]);
  const holds = ({ includes, excludes }: ProfileRule): boolean =>
    includes.caps.every((name) => capabilities.has(name)) &&
    (includes.arches.length === 0 || includes.arches.includes(native?.go ?? '')) &&
    (includes.minKernel === undefined || host.kernelVersion >= includes.minKernel) &&
    !isExcluded(excludes, capabilities, { architecture: native?.go ?? '', kernel: host.kernelVersion });
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(architectures !== undefined && { architectures }),
    ...(profile.flags !== undefined && { flags: profile.flags }),
    syscalls: profile.syscalls
      .filter(holds)
      .map(({ includes: _includes, excludes: _excludes, ...rule }) => rule),
  };
}

/** Any one of the conditions excludes. */
function isExcluded(
  { caps, arches, minKernel }: RuleCondition,
  capabilities: ReadonlySet<string>,
  { architecture, kernel }: { architecture: string; kernel: number },
): boolean {
  return (
    caps.some((name) => capabilities.has(name)) ||
    arches.includes(architecture) ||
    (minKernel !== undefined && kernel >= minKernel)
  );
}
