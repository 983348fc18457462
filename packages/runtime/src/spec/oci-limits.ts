import type { BlockDeviceRate, CgroupLimits } from '@gantry/kernel';
import type { RuntimeBlockIo, RuntimeResources } from '@gantry/oci';

/** The limits in the OCI runtime spec's words (config-linux.md, control groups); the OCI runtime converts them for v2. */
export function ociLimits(limits: CgroupLimits): Omit<RuntimeResources, 'devices'> {
  const memory = present({
    limit: limits.memoryBytes,
    reservation: limits.memoryReservationBytes,
    swap: limits.memorySwapBytes,
    swappiness: limits.swappiness,
    disableOOMKiller: limits.oomKillDisable,
    kernelTCP: limits.kernelMemoryTcpBytes,
  });
  const cpu = present({
    shares: limits.cpuShares,
    quota: limits.cpuQuotaUs,
    period: limits.cpuPeriodUs,
    realtimeRuntime: limits.cpuRealtimeRuntimeUs,
    realtimePeriod: limits.cpuRealtimePeriodUs,
    cpus: limits.cpusetCpus,
    mems: limits.cpusetMems,
  });
  const blockIO = ociBlockIo(limits);
  const { pidsLimit } = limits;
  return {
    ...(isEmpty(memory) ? {} : { memory }),
    ...(isEmpty(cpu) ? {} : { cpu }),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit } }),
    ...(isEmpty(blockIO) ? {} : { blockIO }),
  };
}

function ociBlockIo(limits: CgroupLimits): RuntimeBlockIo {
  const rates = (devices: readonly BlockDeviceRate[] | undefined): BlockDeviceRate[] | undefined =>
    devices === undefined || devices.length === 0 ? undefined : [...devices];
  const weights = limits.blockWeightDevices ?? [];
  return present({
    weight: limits.blockWeight,
    weightDevice: weights.length === 0 ? undefined : [...weights],
    throttleReadBpsDevice: rates(limits.blockReadBytesPerSecond),
    throttleWriteBpsDevice: rates(limits.blockWriteBytesPerSecond),
    throttleReadIOPSDevice: rates(limits.blockReadsPerSecond),
    throttleWriteIOPSDevice: rates(limits.blockWritesPerSecond),
  });
}

/** Without the fields that are undefined. */
function present<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
