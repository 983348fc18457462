import path from 'node:path';
import type { DriverVolume } from '../volume-driver.ts';

/** One line of text, as long as a path may be. */
const maxTextLength = 4096;

/** A volume as a plugin tells of it; undefined when it has no name that could be one. Fields that make no sense are left out. */
export function readPluginVolume(told: unknown): DriverVolume | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { Name, Mountpoint, CreatedAt, Status } = told as Readonly<Record<string, unknown>>;
  const name = textOf(Name);
  if (name === '') return undefined;
  const mountpoint = textOf(Mountpoint);
  const createdAt = textOf(CreatedAt);
  return {
    name,
    mountpoint: path.isAbsolute(mountpoint) ? mountpoint : '',
    ...(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(createdAt) && { createdAt }),
    ...(isRecord(Status) && { status: Status }),
  };
}

/** Empty for whatever is not a line of text of sensible length. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > maxTextLength) return '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u001f\u007f]/.test(value) ? '' : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}
