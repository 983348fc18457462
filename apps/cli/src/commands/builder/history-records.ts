import { posix } from 'node:path';
import { content, control, type GrpcClient, type wellKnown } from '@gantry/buildkit';
import { CommandError } from '../../errors.ts';

export type BuildRecord = control.BuildHistoryRecord;

/** What the engine knows of builds, the last one first. */
export async function listRecords(calls: GrpcClient, ref: string = ''): Promise<BuildRecord[]> {
  const records: BuildRecord[] = [];
  for await (const { record } of calls.serverStream(control.Control.listenBuildHistory, {
    ref,
    earlyExit: true,
  })) {
    if (record !== undefined) records.push(record);
  }
  return records.toSorted((one, other) => Number(timeNs(other.createdAt) - timeNs(one.createdAt)));
}

/** The record that `text` means: a reference, `^N` for the Nth before the last one, nothing for the last one. Throws `CommandError`. */
export async function findRecord(calls: GrpcClient, text: string): Promise<BuildRecord> {
  const ref = text.split('/').at(-1) ?? '';
  const back = /^\^(\d*)$/.exec(ref);
  const records = await listRecords(calls);
  const found =
    ref === '' || back !== null
      ? records[Number(back?.[1] || (back === null ? 0 : 1))]
      : records.find((record) => record.ref === ref);
  if (found !== undefined) return found;
  throw new CommandError(
    1,
    ref === '' ? 'ERROR: no records found' : `ERROR: no record found for ref ${JSON.stringify(text)}`,
  );
}

/** A document of the engine's, bounded by its descriptor. */
export async function readBlob(calls: GrpcClient, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const { data } of calls.serverStream(content.Content.read, { digest })) chunks.push(data);
  return Buffer.concat(chunks);
}

/** What a build is called: its context's name, and the target. */
export function recordName({ frontendAttrs }: BuildRecord, localName: string | undefined): string {
  const given = frontendAttrs.get('vcs:localdir:context') ?? frontendAttrs.get('context') ?? localName ?? '';
  const name = posix.basename(given.replace(/\.git(?:#.*)?$/, ''));
  const file = frontendAttrs.get('filename') ?? '';
  const target = frontendAttrs.get('target') ?? '';
  const parts = [name, ...(/^(?:Dockerfile)?$/i.test(posix.basename(file)) ? [] : [posix.basename(file)])];
  const shown = parts.filter((part) => part !== '').join('/');
  return target === '' ? shown : `${shown} (${target})`;
}

export function recordStatus({
  completedAt,
  error,
}: BuildRecord): 'Running' | 'Completed' | 'Error' | 'Canceled' {
  if (error !== undefined) return error.code === canceledCode ? 'Canceled' : 'Error';
  return completedAt === undefined ? 'Running' : 'Completed';
}

const canceledCode = 1;

export function timeNs(time: wellKnown.Timestamp | undefined): bigint {
  return time === undefined ? 0n : BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos);
}

export function timeOf(time: wellKnown.Timestamp | undefined): Date {
  return new Date(Number(timeNs(time) / 1_000_000n));
}

/** As long as a build has taken, until now when it is not over: `0.1s`, `1m 2s`, `3h 4m`. */
export function recordDuration({ createdAt, completedAt }: BuildRecord, nowMs: number): string {
  const endNs = completedAt === undefined ? BigInt(nowMs) * 1_000_000n : timeNs(completedAt);
  const seconds = Math.max(0, Number(endNs - timeNs(createdAt)) / 1e9);
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 60) return `${minutes}m ${Math.round(seconds % 60)}s`;
  return `${Math.trunc(minutes / 60)}h ${minutes % 60}m`;
}
