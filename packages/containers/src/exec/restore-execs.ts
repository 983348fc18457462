import { errorMessage, Semaphore } from '@gantry/base';
import type { ContainerEnvironment } from '../environment.ts';
import { Exec, type ExecRecord } from './exec.ts';
import { KeptOutput } from './kept-output.ts';
import { watchExec } from './watch-exec.ts';

/** Exit code of an exec whose end nobody saw, and of which nothing was left. */
const unknownExitCode = 137;
const restoresAtOnce = 8;

/**
 * At start-up: takes back the execs of earlier engines, those that run and those that ended meanwhile, and removes what
 * belongs to none: a start that nobody was told of, the execs of containers that are gone.
 */
export async function restoreExecs(environment: ContainerEnvironment): Promise<void> {
  const { execs, ports, registry, logger } = environment;
  const limit = new Semaphore(restoresAtOnce);
  const kept = new Set<string>();
  const report = (execId: string) => (error: unknown) =>
    logger.error('an exec was not taken back', { execId, error: errorMessage(error) });
  await Promise.all(
    execs.stored().map((record) =>
      limit
        .run(async () => {
          if (registry.get(record.containerId) === undefined) execs.drop(record.id);
          else if (await restoreExec(environment, record)) kept.add(record.id);
        })
        .catch(report(record.id)),
    ),
  );
  for (const id of ports.runtime.listExecs()) {
    if (!kept.has(id)) await ports.runtime.removeExec(id).catch(report(id));
  }
}

/** True when its process was taken back. */
async function restoreExec(environment: ContainerEnvironment, record: ExecRecord): Promise<boolean> {
  const { execs, ports, registry } = environment;
  const container = registry.find(record.containerId);
  const exec = new Exec(record);
  exec.phase = record.created === true ? 'created' : 'ended';
  exec.exitCode = record.exitCode;
  execs.take(container, exec);
  if (exec.phase === 'created' || exec.exitCode !== undefined) return false;
  exec.exitCode = unknownExitCode;
  const process = await ports.runtime.adoptExec(exec.id);
  if (process === undefined) {
    execs.save(exec);
    return false;
  }
  exec.exitCode = undefined;
  exec.phase = 'running';
  exec.process = process;
  exec.kept = new KeptOutput(process, (stream) => exec.wants(stream));
  watchExec(environment, container, { exec, process });
  return true;
}
