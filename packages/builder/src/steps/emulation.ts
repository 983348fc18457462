import { type BinaryFormat, binaryFormats, takesProgram } from '@gantry/kernel';
import {
  compatiblePlatforms,
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  type Platform,
} from '@gantry/oci';
import { EmulatorMissingError } from '../errors.ts';

/** What the head of a program says of the machine that it is for (elf(5)). */
interface ElfMachine {
  readonly bits: 32 | 64;
  readonly bigEndian?: true;
  /** `e_machine`. */
  readonly machine: number;
}

const machines: Readonly<Record<string, ElfMachine>> = {
  '386': { bits: 32, machine: 3 },
  amd64: { bits: 64, machine: 62 },
  arm: { bits: 32, machine: 40 },
  arm64: { bits: 64, machine: 183 },
  loong64: { bits: 64, machine: 258 },
  mips: { bits: 32, bigEndian: true, machine: 8 },
  mipsle: { bits: 32, machine: 8 },
  mips64: { bits: 64, bigEndian: true, machine: 8 },
  mips64le: { bits: 64, machine: 8 },
  ppc64: { bits: 64, bigEndian: true, machine: 21 },
  ppc64le: { bits: 64, machine: 21 },
  riscv64: { bits: 64, machine: 243 },
  s390x: { bits: 64, bigEndian: true, machine: 22 },
};

/** Throws `EmulatorMissingError` for a platform whose programs this host starts neither itself nor by an emulator. */
export function requireEmulator(
  platform: Platform,
  formats: () => readonly BinaryFormat[] = binaryFormats,
): void {
  const host = hostPlatform();
  const native = compatiblePlatforms(host).map(formatPlatform);
  const wanted = normalizePlatform(platform);
  const { architecture } = wanted;
  if (
    wanted.os === host.os &&
    (architecture === host.architecture || native.includes(formatPlatform(wanted)))
  )
    return;
  const start = elfHead(architecture);
  const found = start && formats().find((format) => takesProgram(format, start));
  if (found?.isFixed === true) return;
  throw new EmulatorMissingError(platform, found?.name);
}

/** The first bytes of a program of an architecture; undefined for one that is not known. */
function elfHead(architecture: string): Uint8Array | undefined {
  const machine = machines[architecture];
  if (machine === undefined) return undefined;
  const head = Buffer.alloc(24);
  head.set([0x7f, 0x45, 0x4c, 0x46, machine.bits === 64 ? 2 : 1, machine.bigEndian ? 2 : 1, 1]);
  const executable = 2;
  if (machine.bigEndian) {
    head.writeUInt16BE(executable, 16);
    head.writeUInt16BE(machine.machine, 18);
    head.writeUInt32BE(1, 20);
  } else {
    head.writeUInt16LE(executable, 16);
    head.writeUInt16LE(machine.machine, 18);
    head.writeUInt32LE(1, 20);
  }
  return head;
}
