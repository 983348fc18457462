import { EngineError, errorMessage, faultPoint } from '@gantry/base';
import type { ExecProcess, TerminalSize } from '@gantry/runtime';
import { detachKeysOf } from '../attach/attach-container.ts';
import type { AttachSession } from '../attach/attach-session.ts';
import { OutputSubscription } from '../attach/output-subscription.ts';
import { SessionInput } from '../attach/session-input.ts';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ExecStateError } from '../errors.ts';
import { execAction, publishContainerEvent } from '../events/container-events.ts';
import type { ConsoleSize } from '../lifecycle/resize-container.ts';
import type { Exec } from './exec.ts';
import { execProcess } from './exec-spec.ts';
import { recordExecEnd, watchExec } from './watch-exec.ts';

/** Output that a client may lag behind before the process waits for it. */
const capacityBytes = 1024 * 1024;
/** Exit code of an exec that could not be started for a reason that is not its command's. */
const startFailedExitCode = 126;

export interface ExecStartOptions {
  terminal: boolean;
  size?: ConsoleSize;
  signal: AbortSignal;
}

/**
 * Starts an exec with a client attached. The session is there at once; the process starts behind it, and a start failure
 * is told in its output. When the client goes, the process goes on and its output is dropped.
 */
export function startExec(
  environment: ContainerEnvironment,
  container: Container,
  exec: Exec,
  options: ExecStartOptions,
): AttachSession {
  const queue = new OutputSubscription({ clock: environment.clock, capacityBytes, onClose: () => {} });
  const started = launch(environment, container, exec, options.size).catch((error: unknown) => {
    void queue.push({ stream: 'stdout', data: Buffer.from(`${errorMessage(error)}\r\n`) });
    queue.end();
    return undefined;
  });
  void started.then((process) => (process === undefined ? undefined : pumpExec(process, exec, queue)));
  return openSession(environment, container, { exec, options, started, queue });
}

/**
 * Attaches a client to an exec that an earlier engine started: it gets the output that nobody read, and then what comes.
 * Throws `ExecStateError` while another client has it.
 */
export function attachExec(
  environment: ContainerEnvironment,
  container: Container,
  exec: Exec,
  options: ExecStartOptions,
): AttachSession {
  const { kept, process } = exec;
  const queue: OutputSubscription = new OutputSubscription({
    clock: environment.clock,
    capacityBytes,
    onClose: () => kept?.detach(queue),
  });
  if (kept?.attach(queue) !== true) {
    throw new ExecStateError(exec.id, `exec command ${exec.id} is already running`);
  }
  return openSession(environment, container, { exec, options, started: Promise.resolve(process), queue });
}

interface Session {
  exec: Exec;
  options: ExecStartOptions;
  /** Undefined when it could not be started. */
  started: Promise<ExecProcess | undefined>;
  queue: OutputSubscription;
}

function openSession(
  environment: ContainerEnvironment,
  container: Container,
  { exec, options, started, queue }: Session,
): AttachSession {
  const { request } = exec;
  const terminal = request.Tty === true;
  const ending = new AbortController();
  const close = (): void => {
    options.signal.removeEventListener('abort', close);
    if (request.AttachStdin === true && !terminal) void started.then((process) => process?.stdin?.end());
    ending.abort();
    queue.close();
  };
  options.signal.addEventListener('abort', close, { once: true });
  const input =
    request.AttachStdin === true
      ? new SessionInput({
          target: async () => (await started)?.stdin,
          detachKeys: detachKeysOf(request.DetachKeys, terminal),
          onDetach: () => {
            publishContainerEvent(environment.events, container, 'exec_detach', { execID: exec.id });
            queue.close();
          },
          endsProcessInput: true,
          signal: ending.signal,
        })
      : undefined;
  return { terminal, output: queue, ...(input && { input }), close };
}

/** Starts an exec that nobody listens to. Throws the start failure, which `inspect` tells too. */
export async function startExecDetached(
  environment: ContainerEnvironment,
  container: Container,
  exec: Exec,
): Promise<void> {
  const process = await launch(environment, container, exec, undefined);
  process.stdin?.end();
  void pumpExec(process, exec, undefined);
}

async function launch(
  environment: ContainerEnvironment,
  container: Container,
  exec: Exec,
  size: ConsoleSize | undefined,
): Promise<ExecProcess> {
  const { ports, events, execs } = environment;
  const terminal = terminalOf(exec, size);
  try {
    const process = await ports.runtime.exec({
      containerId: container.id,
      execId: exec.id,
      process: await execProcess(environment, container, exec, terminal),
      stdin: exec.request.AttachStdin === true,
      ...(terminal && { terminal }),
    });
    faultPoint('exec/process-started');
    exec.process = process;
    exec.phase = 'running';
    execs.save(exec);
    faultPoint('exec/recorded');
    publishContainerEvent(events, container, execAction('exec_start', exec.command), { execID: exec.id });
    watchExec(environment, container, { exec, process });
    return process;
  } catch (error) {
    const code = error instanceof EngineError && 'exitCode' in error ? error.exitCode : undefined;
    const exitCode = typeof code === 'number' ? code : startFailedExitCode;
    recordExecEnd(environment, container, { exec, exitCode });
    throw error;
  }
}

async function pumpExec(
  process: ExecProcess,
  exec: Exec,
  queue: OutputSubscription | undefined,
): Promise<void> {
  try {
    for await (const { stream, data } of process.output) {
      if (exec.wants(stream)) await queue?.push({ stream, data });
    }
    // A client asks for the exit code as soon as the output ends.
    await process.exited;
  } catch (error) {
    void queue?.push({ stream: 'system', data: Buffer.from(`${errorMessage(error)}\n`) });
  } finally {
    queue?.end();
  }
}

function terminalOf({ request }: Exec, size: ConsoleSize | undefined): TerminalSize | undefined {
  if (request.Tty !== true) return undefined;
  const [rows = 0, columns = 0] = request.ConsoleSize ?? [];
  return size ?? { rows, columns };
}
