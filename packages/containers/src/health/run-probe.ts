import { errorMessage } from '@gantry/base';
import type { ExecProcess } from '@gantry/runtime';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { execAction, publishContainerEvent } from '../events/container-events.ts';
import { Exec } from '../exec/exec.ts';
import { execProcess } from '../exec/exec-spec.ts';
import { newContainerId } from '../state/container-id.ts';
import { formatTimestamp } from '../state/timestamps.ts';
import { goDuration } from './go-duration.ts';
import type { HealthCheck } from './health-check.ts';
import type { ProbeResult } from './health-state.ts';

/** Of a probe's output so much is kept. */
const keptBytes = 4096;

/**
 * Runs the check once. When it takes too long, or `signal` aborts, it is killed with all that it started. Undefined after
 * an abort; a probe that cannot be run is a failed one.
 */
export async function runProbe(
  environment: ContainerEnvironment,
  container: Container,
  { check, signal }: { check: HealthCheck; signal: AbortSignal },
): Promise<ProbeResult | undefined> {
  const now = (): string => formatTimestamp(environment.clock.nowNs());
  const start = now();
  try {
    const { exitCode, output } = await probe(environment, container, { check, signal });
    return signal.aborted ? undefined : { start, end: now(), exitCode, output };
  } catch (error) {
    return signal.aborted ? undefined : { start, end: now(), exitCode: -1, output: errorMessage(error) };
  }
}

async function probe(
  environment: ContainerEnvironment,
  container: Container,
  { check, signal }: { check: HealthCheck; signal: AbortSignal },
): Promise<{ exitCode: number; output: string }> {
  const { ports, events, clock } = environment;
  const request = { Cmd: [...check.command], AttachStdout: true, AttachStderr: true };
  const exec = new Exec({ id: newContainerId(), containerId: container.id, request });
  const tell = (action: string, extra: Record<string, string> = {}): void =>
    publishContainerEvent(events, container, action, { execID: exec.id, ...extra });
  tell(execAction('exec_create', check.command));
  const process = await ports.runtime.exec({
    containerId: container.id,
    execId: exec.id,
    process: await execProcess(environment, container, exec, undefined),
    stdin: false,
    signal,
  });
  tell(execAction('exec_start', check.command));
  const over = new AbortController();
  const kill = (): void => void process.kill();
  signal.addEventListener('abort', kill, { once: true, signal: over.signal });
  let timedOut = false;
  void clock.sleep(check.timeoutMs, over.signal).then(
    () => {
      timedOut = true;
      kill();
    },
    () => {},
  );
  if (signal.aborted) kill();
  const output = await collect(process);
  const { exitCode } = await process.exited;
  over.abort();
  await process.release();
  tell('exec_die', { exitCode: String(exitCode) });
  return timedOut ? { exitCode: -1, output: timeoutText(check, output) } : { exitCode, output };
}

/** Reads everything, so that the probe never waits, and keeps the beginning. */
async function collect({ output }: ExecProcess): Promise<string> {
  const parts: Uint8Array[] = [];
  let keptSoFar = 0;
  let isCut = false;
  for await (const { data } of output) {
    const part = data.subarray(0, keptBytes - keptSoFar);
    isCut ||= part.length < data.length;
    keptSoFar += part.length;
    if (part.length > 0) parts.push(part);
  }
  return `${Buffer.concat(parts).toString()}${isCut ? '...' : ''}`;
}

function timeoutText({ timeoutMs }: HealthCheck, output: string): string {
  const fact = `Health check exceeded timeout (${goDuration(timeoutMs)})`;
  return output === '' ? fact : `${fact}: ${output}`;
}
