import type { RuntimeSeccomp, RuntimeSyscall } from '@gantry/oci';
import type { SpecHost } from '../spec-host.ts';
import { allowedCalls, callsByArchitecture, callsByCapability } from './call-table.ts';

const allow = 'SCMP_ACT_ALLOW';
const refuse = 'SCMP_ACT_ERRNO';
const errnoNotPermitted = 1;
const errnoNotImplemented = 38;

/**
 * socket(2): sockets of the kernel's cryptography (38) gave ways to write where nobody may (CVE-2026-31431), those to virtual
 * machines (40) know no namespaces. (socketcall(2) of 32-bit programs keeps the family where a filter cannot look.) What is below, between and above them is allowed: libseccomp takes one comparison of an
 * argument a rule.
 */
const cryptographyFamily = 38;
const vsockFamily = 40;
/** The CLONE_NEW… flags but CLONE_NEWTIME: clone(2) must not make namespaces. */
const namespaceFlags = 0x7e02_0000;
/** Personalities that change no layout: PER_LINUX, PER_LINUX32, UNAME26 with each, and the query 0xffffffff. */
const harmlessPersonalities = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];
/** Before Linux 4.8 ptrace(2) could change a call after the filter had passed it. */
const ptraceSafeSince = 4008;

const architectures: Readonly<Partial<Record<NodeJS.Architecture, string[]>>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  ppc64: ['SCMP_ARCH_PPC64LE'],
};

/**
 * The default filter: everything is refused with EPERM but what is known to be harmless, plus what the container's
 * capabilities are there for. The same decisions as Docker's default profile.
 */
export function defaultSeccompProfile(capabilities: ReadonlySet<string>, host: SpecHost): RuntimeSeccomp {
  const names = architectures[host.architecture];
  return {
    defaultAction: refuse,
    defaultErrnoRet: errnoNotPermitted,
    ...(names === undefined ? {} : { architectures: names }),
    syscalls: [
      { names: [...allowedCalls, ...conditionalCalls(capabilities, host)], action: allow },
      comparing('socket', 'SCMP_CMP_LT', cryptographyFamily),
      ...between(cryptographyFamily, vsockFamily).map((family) => comparing('socket', 'SCMP_CMP_EQ', family)),
      comparing('socket', 'SCMP_CMP_GT', vsockFamily),
      ...harmlessPersonalities.map((value) => comparing('personality', 'SCMP_CMP_EQ', value)),
      ...(capabilities.has('CAP_SYS_ADMIN') ? [] : namespaceRules(host)),
    ],
  };
}

function conditionalCalls(capabilities: ReadonlySet<string>, host: SpecHost): string[] {
  const calls = new Set([
    ...(callsByArchitecture[host.architecture] ?? []),
    ...Object.entries(callsByCapability).flatMap(([name, list]) => (capabilities.has(name) ? list : [])),
    ...(host.kernelVersion >= ptraceSafeSince ? ['process_vm_readv', 'process_vm_writev', 'ptrace'] : []),
  ]);
  return [...calls];
}

/** clone3(2) keeps its flags in memory, where a filter cannot look: callers are sent back to clone(2). */
function namespaceRules({ architecture }: SpecHost): RuntimeSyscall[] {
  // CONFIG_CLONE_BACKWARDS2: on s390 the flags come second.
  const index = architecture === 's390x' ? 1 : 0;
  return [
    {
      names: ['clone'],
      action: allow,
      args: [{ index, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    { names: ['clone3'], action: refuse, errnoRet: errnoNotImplemented },
  ];
}

function between(first: number, last: number): number[] {
  return Array.from({ length: last - first - 1 }, (_, index) => first + 1 + index);
}

function comparing(name: string, op: string, value: number): RuntimeSyscall {
  return { names: [name], action: allow, args: [{ index: 0, value, op }] };
}
