import { readFileSync } from 'node:fs';
import type { DeviceMapping, DeviceRequest, ThrottleDevice } from '@gantry/api-types';
import { errorMessage, parseByteSize, splitCommas } from '@gantry/base';
import { CommandError } from '../errors.ts';
import { splitOnce } from './key-values.ts';

/** `--device host[:container[:permissions]]`. */
export function parseDevice(text: string): DeviceMapping {
  const [host = '', second, third, ...rest] = text.split(':');
  const isMode = (part: string | undefined): boolean => part !== undefined && /^[rwm]{1,3}$/.test(part);
  if (host === '' || rest.length > 0) throw failure(`bad format for path: ${text}`);
  const container = isMode(second) && third === undefined ? host : (second ?? host);
  const permissions = third ?? (isMode(second) ? second : undefined) ?? 'rwm';
  if (!isMode(permissions)) throw failure(`bad mode specified: ${permissions}`);
  if (!container.startsWith('/')) throw failure(`${container} is not an absolute path`);
  return { PathOnHost: host, PathInContainer: container || host, CgroupPermissions: permissions };
}

/** A device by its qualified name in a device specification (CDI), `vendor.com/class=name`; undefined for a path. */
export function parseNamedDevice(text: string): DeviceRequest | undefined {
  const isName = /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[A-Za-z0-9][\w.:-]*$/.test(text);
  return isName ? { Driver: 'cdi', DeviceIDs: [text] } : undefined;
}

/** `path:rate`, the rate in bytes (`1mb`) or as a number. */
export function parseThrottle(text: string, unit: 'bytes' | 'operations'): ThrottleDevice {
  const [device, rateText] = splitOnce(text, ':');
  if (!text.includes(':') || !device.startsWith('/dev/'))
    throw failure(`bad format for device path: ${text}`);
  try {
    const Rate =
      unit === 'bytes' ? parseByteSize(rateText) : /^\d+$/.test(rateText) ? Number(rateText) : Number.NaN;
    if (!Number.isNaN(Rate)) return { Path: device, Rate };
  } catch {
    // falls through to the one message for both
  }
  const form = unit === 'bytes' ? '<device-path>:<number>[<unit>]' : '<device-path>:<number>';
  throw failure(
    `invalid rate for device: ${text}. The correct format is ${form}. Number must be a positive integer`,
  );
}

/** `--blkio-weight-device path:weight`. */
export function parseWeight(text: string): { Path: string; Weight: number } {
  const [device, weight] = splitOnce(text, ':');
  if (!text.includes(':') || !device.startsWith('/dev/'))
    throw failure(`bad format for device path: ${text}`);
  const Weight = Number(weight);
  if (!/^\d+$/.test(weight) || (Weight > 0 && (Weight < 10 || Weight > 1000))) {
    throw failure(`invalid weight for device: ${text}`);
  }
  return { Path: device, Weight };
}

/** `--gpus all`, `2`, `device=0,capabilities=utility`. */
export function parseGpus(text: string): DeviceRequest {
  const request: DeviceRequest = { Driver: '', Count: 0, Capabilities: [['gpu']], Options: {} };
  for (const field of splitCommas(text)) {
    const [key, value] = field.includes('=') ? splitOnce(field, '=') : ['count', field];
    if (key === 'count') request.Count = value === 'all' ? -1 : countOf(value);
    else if (key === 'driver') request.Driver = value;
    else if (key === 'device') request.DeviceIDs = value.split(',');
    else if (key === 'capabilities') request.Capabilities = [[...value.split(','), 'gpu']];
    else if (key === 'options')
      request.Options = Object.fromEntries(value.split(',').map((item) => splitOnce(item, '=')));
    else throw failure(`unexpected key '${key}' in '${field}'`);
  }
  if (!request.DeviceIDs && request.Count === 0) request.Count = 1;
  return request;
}

/** `seccomp=FILE` is replaced by the file's JSON; everything else goes as it is. */
export function readSecurityOptions(texts: readonly string[]): string[] {
  return texts.map((text) => {
    const [key, value] = splitOnce(text.replace(/^(\w+):/, '$1='), '=');
    if (key !== 'seccomp' || value === '' || value === 'unconfined' || value === 'builtin') return text;
    try {
      return `seccomp=${JSON.stringify(JSON.parse(readFileSync(value, 'utf8')))}`;
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      const reason = isMissing ? `open ${value}: no such file or directory` : errorMessage(error);
      throw failure(`opening seccomp profile (${value}) failed: ${reason}`);
    }
  });
}

function countOf(text: string): number {
  if (!/^-?\d+$/.test(text)) throw failure(`count must be an integer: ${text}`);
  return Number(text);
}

function failure(message: string): CommandError {
  return new CommandError(125, message);
}
