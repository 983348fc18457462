import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What `docker info` tells of the machine. */
export interface HostFacts {
  kernelVersion: string;
  operatingSystem: string;
  osVersion: string;
  /** `x86_64`, `aarch64`: as uname has it. */
  machine: string;
  /** `amd64`, `arm64`: as images have it. */
  architecture: string;
  cpus: number;
  memoryBytes: number;
  hostname: string;
}

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
};

/** Reads the facts afresh; cheap. */
export function readHostFacts(): HostFacts {
  const release = readOsRelease();
  return {
    kernelVersion: os.release(),
    operatingSystem: release['PRETTY_NAME'] ?? 'Linux',
    osVersion: release['VERSION_ID'] ?? '',
    machine: os.machine(),
    architecture: architectures[process.arch] ?? process.arch,
    cpus: os.cpus().length,
    memoryBytes: os.totalmem(),
    hostname: os.hostname(),
  };
}

/** os-release(5): `KEY=value` with optional quotes. */
function readOsRelease(): Readonly<Record<string, string>> {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      const lines = readFileSync(file, 'utf8').split('\n');
      return Object.fromEntries(
        lines.flatMap((line) => {
          const match = /^([A-Z_]+)=(["']?)(.*)\2$/.exec(line);
          return match ? [[match[1] ?? '', match[3] ?? '']] : [];
        }),
      );
    } catch {
      // The next place may have it; a system without the file is called Linux.
    }
  }
  return {};
}
