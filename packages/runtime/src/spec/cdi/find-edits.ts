import { errorMessage, type Logger } from '@gantry/base';
import { DeviceDriverMissingError, DeviceEditNotBuiltError, DeviceInjectionError } from '../errors.ts';
import { type CdiFile, readCdiDirectory } from './cdi-files.ts';
import { type ContainerEdits, joinEdits } from './container-edits.ts';

/** A wish for devices, as Docker's `DeviceRequests` says it. */
export interface DeviceWish {
  driver: string;
  /** -1 for all there are; 0 when they are named. */
  count: number;
  /** With the driver `cdi`, qualified names: `vendor.com/class=name`. */
  deviceIds: readonly string[];
  /** Any of the sets is enough. */
  capabilities: readonly (readonly string[])[];
}

export interface CdiOptions {
  /** Of two that describe the same device, the later one counts. */
  directories: readonly string[];
  logger: Logger;
}

const gpuKind = 'nvidia.com/gpu';

/**
 * What the wished devices ask of a container. Throws `DeviceDriverMissingError` when nothing here serves the wish, and
 * `DeviceInjectionError` when the devices it names are not described, with Docker's words;
 * `DeviceEditNotBuiltError` for what one of them asks and Gantry has not.
 */
export async function findContainerEdits(
  wishes: readonly DeviceWish[],
  { directories, logger }: CdiOptions,
): Promise<ContainerEdits | undefined> {
  if (wishes.length === 0) return undefined;
  const onDamaged = (file: string, error: unknown): void =>
    logger.warn('a device specification is damaged and was left aside', { file, error: errorMessage(error) });
  const files = await Promise.all(directories.map((directory) => readCdiDirectory(directory, onDamaged)));
  const names = wishes.flatMap((wish) => namesOf(wish, files.flat()));
  const missing: string[] = [];
  const used = new Set<CdiFile>();
  const edits: ContainerEdits[] = [];
  for (const name of new Set(names)) {
    const found = findDevice(name, files);
    if (found === undefined) missing.push(name);
    else {
      if (!used.has(found.file)) edits.push(found.file.common);
      used.add(found.file);
      edits.push(found.edits);
      if (found.edits.intelRdt || found.file.common.intelRdt)
        throw new DeviceEditNotBuiltError(name, 'intelRdt');
    }
  }
  if (missing.length > 0) throw new DeviceInjectionError(missing);
  return joinEdits(edits);
}

/** Qualified names of what is wished for. */
function namesOf(wish: DeviceWish, files: readonly CdiFile[]): string[] {
  if (wish.driver === 'cdi') return [...wish.deviceIds];
  const wantsGpu = wish.capabilities.some((set) => set.includes('gpu'));
  const gpus = files.filter(({ kind }) => kind === gpuKind).flatMap(({ devices }) => [...devices.keys()]);
  const isServed = (wish.driver === '' || wish.driver === 'nvidia') && wantsGpu && gpus.length > 0;
  if (!isServed) throw new DeviceDriverMissingError(wish.driver, wish.capabilities);
  const chosen =
    wish.deviceIds.length > 0
      ? wish.deviceIds
      : wish.count < 0
        ? gpus.includes('all')
          ? ['all']
          : gpus
        : gpus.filter((name) => name !== 'all').slice(0, wish.count);
  if (wish.deviceIds.length === 0 && wish.count > chosen.length) {
    throw new DeviceInjectionError([`${gpuKind} (${wish.count} wanted, ${chosen.length} there)`]);
  }
  return chosen.map((name) => `${gpuKind}=${name}`);
}

/** In the last directory that has it; described twice there it is nobody's. */
function findDevice(
  name: string,
  directories: readonly (readonly CdiFile[])[],
): { file: CdiFile; edits: ContainerEdits } | undefined {
  const [kind = '', device = ''] = name.split('=');
  for (const files of directories.toReversed()) {
    const found = files.flatMap((file) => {
      const edits = file.kind === kind ? file.devices.get(device) : undefined;
      return edits === undefined ? [] : [{ file, edits }];
    });
    if (found.length === 1) return found[0];
    if (found.length > 1) return undefined;
  }
  return undefined;
}
