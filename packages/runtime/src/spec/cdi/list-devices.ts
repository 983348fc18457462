import { readCdiDirectory } from './cdi-files.ts';

/** Qualified names (`vendor.com/class=name`) of all devices that specification files describe, sorted; damaged files aside. */
export async function listCdiDevices(directories: readonly string[]): Promise<string[]> {
  // A container that wishes for one hears of it, and the log.
  const onDamaged = (): void => {};
  const files = await Promise.all(directories.map((directory) => readCdiDirectory(directory, onDamaged)));
  const names = files
    .flat()
    .flatMap(({ kind, devices }) => [...devices.keys()].map((name) => `${kind}=${name}`));
  return [...new Set(names)].sort();
}
