import type { ExecCreateRequest, ExecInspectResponse } from '@gantry/api-types';
import type { AttachSession } from '../attach/attach-session.ts';
import { parseDetachKeys } from '../attach/detach-keys.ts';
import type { Container } from '../container.ts';
import { checkVariables } from '../create/options/environment-variables.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError, ExecStateError, InvalidOptionError } from '../errors.ts';
import { execAction, publishContainerEvent } from '../events/container-events.ts';
import { restartingError } from '../lifecycle/pause-container.ts';
import { type ConsoleSize, checkConsoleSize } from '../lifecycle/resize-container.ts';
import { newContainerId } from '../state/container-id.ts';
import { isActive } from '../state/container-state.ts';
import { Exec } from './exec.ts';
import { attachExec, type ExecStartOptions, startExec, startExecDetached } from './start-exec.ts';

/** Further processes in running containers. An unknown id throws `ExecNotFoundError`. */
export class ExecService {
  readonly #environment: ContainerEnvironment;

  constructor(environment: ContainerEnvironment) {
    this.#environment = environment;
  }

  /**
   * Returns the exec's id. Throws `InvalidOptionError` for a request that cannot be run, `ContainerStateError` when the
   * container is paused or does not run.
   */
  create(containerRef: string, request: ExecCreateRequest): Promise<string> {
    return Promise.try(() => {
      const { ports, registry, execs, events } = this.#environment;
      const container = registry.find(containerRef);
      checkRequest(request);
      checkExecutable(container);
      ports.runtime.expectStart();
      const exec = new Exec({ id: newContainerId(), containerId: container.id, request });
      execs.add(container, exec);
      publishContainerEvent(events, container, execAction('exec_create', exec.command), { execID: exec.id });
      return exec.id;
    });
  }

  /** Starts and attaches, as the create request says; one that an earlier engine started is attached to. A start failure is told in the output; `inspect` has 126 or 127. */
  start(id: string, options: ExecStartOptions): Promise<AttachSession> {
    return Promise.try(() => {
      const { execs, registry } = this.#environment;
      const known = execs.find(id);
      if (known.kept !== undefined) {
        return attachExec(this.#environment, registry.find(known.containerId), known, options);
      }
      const { exec, container } = this.#claim(id);
      return startExec(this.#environment, container, exec, options);
    });
  }

  /** Starts and returns; the output is dropped. Throws the runtime's start failure. */
  async startDetached(id: string): Promise<void> {
    const { exec, container } = this.#claim(id);
    await startExecDetached(this.#environment, container, exec);
  }

  inspect(id: string): Promise<ExecInspectResponse> {
    return Promise.try(() => inspectExec(this.#environment.execs.find(id)));
  }

  /** Throws `ExecStateError` when it does not run. */
  resize(id: string, size: ConsoleSize): Promise<void> {
    return Promise.try(() => {
      checkConsoleSize(size);
      const exec = this.#environment.execs.find(id);
      if (exec.phase !== 'running' || exec.process === undefined) {
        throw new ExecStateError(id, `exec process ${id} is not running`);
      }
      exec.process.resize(size);
    });
  }

  /** Takes the exec for its one start. */
  #claim(id: string): { exec: Exec; container: Container } {
    const { execs, registry } = this.#environment;
    const exec = execs.find(id);
    const container = registry.find(exec.containerId);
    if (exec.phase === 'ended') throw new ExecStateError(id, `exec command ${id} has already run`);
    if (exec.phase !== 'created') throw new ExecStateError(id, `exec command ${id} is already running`);
    checkExecutable(container);
    exec.phase = 'starting';
    return { exec, container };
  }
}

/** Throws `ContainerStateError` with Docker's words unless the container runs and is not paused. */
function checkExecutable({ id, state }: Container): void {
  if (state.status === 'paused') {
    throw new ContainerStateError(id, `container ${id} is paused, unpause the container before exec`);
  }
  if (state.status === 'restarting') throw restartingError(id);
  if (!isActive(state)) throw new ContainerStateError(id, `container ${id} is not running`);
}

function checkRequest(request: ExecCreateRequest): void {
  const command = request.Cmd ?? [];
  if (command.length === 0) throw new InvalidOptionError('No exec command specified');
  if (command.some((word) => word.includes('\0'))) {
    throw new InvalidOptionError('invalid command: it contains a NUL');
  }
  checkVariables(request.Env ?? []);
  if (request.DetachKeys) parseDetachKeys(request.DetachKeys, 'escape');
  const directory = request.WorkingDir ?? '';
  if (directory !== '' && (!directory.startsWith('/') || directory.includes('\0'))) {
    throw new InvalidOptionError(
      `the working directory '${directory}' is invalid, it needs to be an absolute path`,
    );
  }
}

function inspectExec(exec: Exec): ExecInspectResponse {
  const { request } = exec;
  const [entrypoint = '', ...words] = exec.command;
  const running = exec.phase === 'running';
  return {
    ID: exec.id,
    Running: running,
    // Docker's null, which clients wait to become a number; the schema has no word for it.
    ExitCode: (exec.exitCode ?? null) as number,
    ProcessConfig: {
      tty: request.Tty === true,
      entrypoint,
      arguments: words,
      privileged: request.Privileged === true,
      ...(request.User !== undefined && request.User !== '' && { user: request.User }),
    },
    OpenStdin: request.AttachStdin === true,
    OpenStderr: request.AttachStderr === true,
    OpenStdout: request.AttachStdout === true,
    CanRemove: false,
    ContainerID: exec.containerId,
    DetachKeys: request.DetachKeys ?? '',
    Pid: running ? (exec.process?.pid ?? 0) : 0,
  };
}
