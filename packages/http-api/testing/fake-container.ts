import { createHash } from 'node:crypto';
import type { ContainerCreateRequest, ContainerInspectResponse, ContainerSummary } from '@gantry/api-types';
import { FakeProcess } from './fake-process.ts';

export const zeroTime: string = '0001-01-01T00:00:00Z';
export const someTime: string = '2026-01-02T03:04:05.678901234Z';

/** One container of the fake backend; the backend moves it. */
export class FakeContainer {
  readonly id: string;
  readonly request: ContainerCreateRequest;
  name: string;
  state: 'created' | 'running' | 'paused' | 'exited' = 'created';
  process: FakeProcess;
  exitCode = 0;
  /** Resolves at the next exit. */
  nextExit: PromiseWithResolvers<number> = Promise.withResolvers();
  readonly removed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(name: string, request: ContainerCreateRequest) {
    this.id = createHash('sha256').update(name).digest('hex');
    this.name = name;
    this.request = request;
    this.process = this.newProcess();
  }

  get argv(): string[] {
    return [...(this.request.Entrypoint ?? []), ...(this.request.Cmd ?? [])];
  }

  newProcess(): FakeProcess {
    return new FakeProcess(this.argv, { terminal: this.request.Tty ?? false });
  }

  summary(): ContainerSummary {
    return {
      Id: this.id,
      Names: [`/${this.name}`],
      Image: this.request.Image ?? '',
      ImageID: `sha256:${this.id}`,
      Command: this.argv.join(' '),
      Created: 1_767_323_045,
      Ports: [],
      Labels: this.request.Labels ?? {},
      State: this.state,
      Status: this.state === 'running' ? 'Up 1 second' : `Exited (${this.exitCode}) 1 second ago`,
      HostConfig: { NetworkMode: 'bridge' },
      NetworkSettings: { Networks: {} },
      Mounts: [],
    };
  }

  inspect(): ContainerInspectResponse {
    const [path = '', ...args] = this.argv;
    const { HostConfig: hostConfig, NetworkingConfig: _networking, ...config } = this.request;
    return {
      Id: this.id,
      Created: someTime,
      Path: path,
      Args: args,
      State: {
        Status: this.state,
        Running: this.state === 'running' || this.state === 'paused',
        Paused: this.state === 'paused',
        Restarting: false,
        OOMKilled: false,
        Dead: false,
        Pid: this.state === 'running' ? 4242 : 0,
        ExitCode: this.exitCode,
        Error: '',
        StartedAt: this.state === 'created' ? zeroTime : someTime,
        FinishedAt: this.state === 'exited' ? someTime : zeroTime,
      },
      Image: `sha256:${this.id}`,
      ResolvConfPath: '',
      HostnamePath: '',
      HostsPath: '',
      LogPath: '',
      Name: `/${this.name}`,
      RestartCount: 0,
      Driver: 'overlayfs',
      Platform: 'linux',
      MountLabel: '',
      ProcessLabel: '',
      AppArmorProfile: '',
      ExecIDs: null,
      HostConfig: hostConfig ?? {},
      Mounts: [],
      Config: config,
      NetworkSettings: { Networks: {} },
    };
  }
}
