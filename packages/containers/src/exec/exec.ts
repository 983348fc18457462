import type { ExecCreateRequest } from '@gantry/api-types';
import type { ExecProcess } from '@gantry/runtime';
import type { KeptOutput } from './kept-output.ts';

/** Version of `ExecRecord` as it is stored. */
export const execRecordVersion = 1;

/** What is durable of an exec: what `inspect` tells of it. */
export interface ExecRecord {
  id: string;
  containerId: string;
  request: ExecCreateRequest;
  /** It was not started yet. */
  created?: true;
  /** Undefined until it ended. */
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
  /** Present when an earlier engine started it: a further start attaches to what it outputs. */
  kept: KeptOutput | undefined;

  constructor(record: Pick<ExecRecord, 'id' | 'containerId' | 'request'>) {
    this.id = record.id;
    this.containerId = record.containerId;
    this.request = record.request;
  }

  get command(): readonly string[] {
    return this.request.Cmd ?? [];
  }

  /** Whether the request asks for a stream. A terminal has but one. */
  wants(stream: 'stdout' | 'stderr'): boolean {
    const {
      AttachStdout: stdout = false,
      AttachStderr: stderr = false,
      Tty: terminal = false,
    } = this.request;
    return stream === 'stdout' ? stdout || (terminal && stderr) : stderr;
  }
}
