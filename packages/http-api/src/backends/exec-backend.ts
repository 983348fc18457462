import type { ExecCreateRequest, ExecInspectResponse } from '@gantry/api-types';
import type { AttachSession, ConsoleSize } from './container-backend.ts';

/** What the exec routes need. An unknown id throws `No such exec instance: x` (not-found). */
export interface ExecBackend {
  /** Returns the exec's id. Throws conflict when the container is paused or not running. */
  create(containerRef: string, request: ExecCreateRequest): Promise<string>;
  /** Starts and attaches, as the create request says. A start failure is told in the output; `inspect` has 126 or 127. */
  start(
    id: string,
    options: { terminal: boolean; size?: ConsoleSize; signal: AbortSignal },
  ): Promise<AttachSession>;
  /** Starts and returns; the output is dropped. */
  startDetached(id: string): Promise<void>;
  inspect(id: string): Promise<ExecInspectResponse>;
  resize(id: string, size: ConsoleSize): Promise<void>;
}
