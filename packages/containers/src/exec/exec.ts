import type { ExecCreateRequest } from '@gantry/api-types';
import type { ExecProcess } from '@gantry/runtime';

/** Version of `ExecRecord` as it is stored. */
export const execRecordVersion = 1;

/** What is durable of an exec from its start on: what `inspect` tells of it. */
export interface ExecRecord {
  id: string;
  containerId: string;
  request: ExecCreateRequest;
  /** Undefined while it runs. */
  exitCode?: number;
}

/** A further process in a container, from its creation until the container goes. */
export class Exec {
  readonly id: string;
  readonly containerId: string;
  readonly request: ExecCreateRequest;
  phase: 'created' | 'starting' | 'running' | 'ended' = 'created';
  process: ExecProcess | undefined;
  /** Present once it ended, or could not be started. */
  exitCode: number | undefined;

  constructor(record: Pick<ExecRecord, 'id' | 'containerId' | 'request'>) {
    this.id = record.id;
    this.containerId = record.containerId;
    this.request = record.request;
  }

  get command(): readonly string[] {
    return this.request.Cmd ?? [];
  }
}
