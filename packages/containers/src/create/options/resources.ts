import { availableParallelism } from 'node:os';
import type { HostConfig } from '@gantry/api-types';
import type { SpecOptions } from '@gantry/runtime';
import { InvalidOptionError } from '../../errors.ts';

const smallestMemoryBytes = 6 * 1024 * 1024;
const defaultShmBytes = 64 * 1024 * 1024;

/** Checks memory, swap, CPU, pids and shared memory, and fills in Docker's defaults. Throws `InvalidOptionError`. */
export function resourceDefaults(
  host: HostConfig,
): Required<Pick<HostConfig, 'Memory' | 'MemorySwap' | 'NanoCpus' | 'PidsLimit' | 'ShmSize'>> {
  const memory = integer(host.Memory, 'Memory');
  const nanoCpus = integer(host.NanoCpus, 'NanoCpus');
  const pidsLimit = integer(host.PidsLimit, 'PidsLimit');
  const shmSize = integer(host.ShmSize, 'ShmSize');
  if (memory !== 0 && memory < smallestMemoryBytes) fail('Memory', 'Minimum memory limit allowed is 6MB');
  const processors = availableParallelism();
  if (nanoCpus !== 0 && (nanoCpus < 0 || nanoCpus > processors * 1e9)) {
    const range = `from 0.01 to ${processors}.00`;
    fail('NanoCpus', `range of CPUs is ${range}, as there are only ${processors} CPUs available`);
  }
  if (shmSize < 0) fail('ShmSize', 'SHM size can not be less than 0');
  return {
    Memory: memory,
    MemorySwap: memorySwap(memory, integer(host.MemorySwap, 'MemorySwap')),
    NanoCpus: nanoCpus,
    PidsLimit: pidsLimit <= 0 ? null : pidsLimit,
    ShmSize: shmSize === 0 ? defaultShmBytes : shmSize,
  };
}

/** The limits of the OCI spec. */
export function specResources(host: HostConfig): SpecOptions['resources'] {
  const { Memory: memory = 0, MemorySwap: swap = 0, NanoCpus: nanoCpus = 0, PidsLimit: pids = 0 } = host;
  return {
    ...(memory > 0 && { memoryBytes: memory }),
    ...(swap !== 0 && { memorySwapBytes: swap }),
    ...(nanoCpus > 0 && { nanoCpus }),
    ...(pids !== null && pids > 0 && { pidsLimit: pids }),
  };
}

/** Memory and swap together: twice the memory unless given, -1 for no limit. */
function memorySwap(memory: number, swap: number): number {
  if (swap === 0) return memory * 2;
  if (swap < 0) return -1;
  if (memory === 0) {
    fail('MemorySwap', 'You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (swap < memory) {
    fail('MemorySwap', 'Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  return swap;
}

function integer(value: number | null | undefined, option: string): number {
  if (value === null || value === undefined) return 0;
  if (!Number.isSafeInteger(value)) fail(option, `invalid ${option}: ${String(value)} is not an integer`);
  return value;
}

function fail(option: string, message: string): never {
  throw new InvalidOptionError(message, { option: `HostConfig.${option}` });
}
