import { createHash } from 'node:crypto';
import type { ExecCreateRequest, ExecInspectResponse } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type { AttachSession, ConsoleSize, ExecBackend } from '../src/index.ts';
import type { FakeContainerBackend } from './fake-container-backend.ts';
import { FakeProcess, isProgram } from './fake-process.ts';

interface FakeExec {
  id: string;
  containerId: string;
  request: ExecCreateRequest;
  process: FakeProcess;
  state: 'created' | 'running' | 'exited';
  exitCode: number;
}

/** Execs in the containers of a `FakeContainerBackend`. */
export class FakeExecBackend implements ExecBackend {
  readonly #containers: FakeContainerBackend;
  readonly #execs = new Map<string, FakeExec>();

  constructor(containers: FakeContainerBackend) {
    this.#containers = containers;
  }

  async create(containerRef: string, request: ExecCreateRequest): Promise<string> {
    const container = this.#containers.find(containerRef);
    if (container.state !== 'running') {
      throw new EngineError('conflict', 'container-not-running', `container ${container.id} is not running`);
    }
    const id = createHash('sha256').update(`exec ${this.#execs.size}`).digest('hex');
    const process = new FakeProcess(request.Cmd ?? [], { terminal: request.Tty ?? false });
    this.#execs.set(id, { id, containerId: container.id, request, process, state: 'created', exitCode: 0 });
    return id;
  }

  async start(
    id: string,
    { size, signal }: { terminal: boolean; size?: ConsoleSize; signal: AbortSignal },
  ): Promise<AttachSession> {
    const exec = this.#find(id);
    const {
      AttachStdin: stdin = false,
      AttachStdout: stdout = false,
      AttachStderr: stderr = false,
    } = exec.request;
    if (size !== undefined) exec.process.size = size;
    const session = exec.process.attach(
      { stdin, stdout, stderr, stream: true, logs: true, signal },
      { endsInput: true },
    );
    this.#begin(exec);
    return session;
  }

  async startDetached(id: string): Promise<void> {
    this.#begin(this.#find(id));
  }

  async inspect(id: string): Promise<ExecInspectResponse> {
    const exec = this.#find(id);
    const [entrypoint = '', ...rest] = exec.request.Cmd ?? [];
    return {
      CanRemove: false,
      ContainerID: exec.containerId,
      DetachKeys: '',
      ExitCode: exec.exitCode,
      ID: exec.id,
      OpenStderr: exec.request.AttachStderr ?? false,
      OpenStdin: exec.request.AttachStdin ?? false,
      OpenStdout: exec.request.AttachStdout ?? false,
      Pid: 4243,
      ProcessConfig: {
        arguments: rest,
        entrypoint,
        privileged: exec.request.Privileged ?? false,
        tty: exec.process.terminal,
        user: exec.request.User ?? '',
      },
      Running: exec.state === 'running',
    };
  }

  async resize(id: string, size: ConsoleSize): Promise<void> {
    this.#find(id).process.size = size;
  }

  #begin(exec: FakeExec): void {
    if (exec.state !== 'created') {
      throw new EngineError('conflict', 'exec-already-started', `exec ${exec.id} has already run`);
    }
    exec.state = 'running';
    const { process, request } = exec;
    if (!isProgram(request.Cmd ?? [])) {
      process.print(
        `OCI runtime exec failed: exec: "${request.Cmd?.[0] ?? ''}": executable file not found in $PATH\n`,
      );
    }
    process.begin();
    void process.exited.then((code) => {
      exec.exitCode = code;
      exec.state = 'exited';
    });
  }

  #find(id: string): FakeExec {
    const exec = this.#execs.get(id);
    if (exec === undefined)
      throw new EngineError('not-found', 'exec-not-found', `No such exec instance: ${id}`);
    return exec;
  }
}
