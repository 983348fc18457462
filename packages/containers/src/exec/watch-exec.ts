import { errorMessage, faultPoint } from '@gantry/base';
import type { ExecProcess } from '@gantry/runtime';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import type { Exec } from './exec.ts';

/** Records and tells the end of an exec when it comes; then its traces go. */
export function watchExec(
  environment: ContainerEnvironment,
  container: Container,
  { exec, process }: { exec: Exec; process: ExecProcess },
): void {
  const { logger } = environment;
  void process.exited
    .then(async ({ exitCode }) => {
      // The runtime keeps the trace of one that is not stored, so that the next engine learns of its end.
      if (recordExecEnd(environment, container, { exec, exitCode })) await process.release();
    })
    .catch((error: unknown) => {
      logger.error('the end of an exec was not handled', { execId: exec.id, error: errorMessage(error) });
    });
}

/** True when it is stored. */
export function recordExecEnd(
  { events, execs, registry, logger }: ContainerEnvironment,
  container: Container,
  { exec, exitCode }: { exec: Exec; exitCode: number },
): boolean {
  exec.phase = 'ended';
  exec.exitCode = exitCode;
  let stored = true;
  try {
    if (registry.get(container.id) !== undefined) execs.save(exec);
  } catch (error) {
    stored = false;
    logger.error('the end of an exec was not recorded', { execId: exec.id, error: errorMessage(error) });
  }
  faultPoint('exec/end-recorded');
  publishContainerEvent(events, container, 'exec_die', { execID: exec.id, exitCode: String(exitCode) });
  return stored;
}
