import { readFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFile } from '../../config/replace-file.ts';

/** Where a build of this machine came from: what the engine does not know. */
export interface LocalRecord {
  readonly Target: string;
  readonly LocalPath: string;
  readonly DockerfilePath: string;
}

/** Notes it in the place where buildx does, so that both know each other's builds. */
export function noteLocalRecord(configDirectory: string, ref: string, record: LocalRecord): void {
  try {
    replaceFile(placeOf(configDirectory, ref), JSON.stringify(record), 0o600);
  } catch {
    // It is only a name: a home that cannot be written fails no build.
  }
}

/** Undefined for a build of another machine. */
export function readLocalRecord(configDirectory: string, ref: string): LocalRecord | undefined {
  try {
    return JSON.parse(readFileSync(placeOf(configDirectory, ref), 'utf8')) as LocalRecord;
  } catch {
    return undefined;
  }
}

function placeOf(configDirectory: string, ref: string): string {
  return path.join(configDirectory, 'buildx/refs/default/default', path.basename(ref));
}
