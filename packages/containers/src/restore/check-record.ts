import { DamagedRecordError } from '../errors.ts';
import { isContainerId } from '../state/container-id.ts';
import type { ContainerRecord } from '../state/container-record.ts';

const statuses: ReadonlySet<unknown> = new Set([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);

/** A record as it was stored, if it has what every operation relies on. Throws `DamagedRecordError` naming what is wrong. */
export function checkRecord(key: string, document: unknown): ContainerRecord {
  if (!isContainerId(key)) throw new DamagedRecordError(key, 'its key is no container id');
  const record = asObject(key, document, 'the document');
  const { name, state, mounts, network, image } = record;
  if (record['id'] !== key) throw new DamagedRecordError(key, 'it carries another id');
  if (typeof name !== 'string' || name === '') throw new DamagedRecordError(key, 'it has no name');
  if (!statuses.has(asObject(key, state, 'state')['status'])) {
    throw new DamagedRecordError(key, 'its state is unknown');
  }
  const last = asObject(key, asObject(key, state, 'state')['last'], 'state.last');
  if (typeof last['startedAt'] !== 'string' || typeof last['exitCode'] !== 'number') {
    throw new DamagedRecordError(key, 'state.last is incomplete');
  }
  if (!Array.isArray(mounts)) throw new DamagedRecordError(key, 'mounts is no list');
  if (!Array.isArray(asObject(key, image, 'image')['layers'])) {
    throw new DamagedRecordError(key, 'image.layers is no list');
  }
  if (!Array.isArray(asObject(key, network, 'network')['ports'])) {
    throw new DamagedRecordError(key, 'network.ports is no list');
  }
  asObject(key, asObject(key, network, 'network')['endpoints'], 'network.endpoints');
  for (const field of ['config', 'hostConfig'] as const) asObject(key, record[field], field);
  return document as ContainerRecord;
}

function asObject(key: string, value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new DamagedRecordError(key, `${what} is no object`);
}
