import assert from 'node:assert/strict';
import {
  createContainer,
  inspectContainer,
  inspectVolume,
  removeContainer,
  startContainer,
  systemEvents,
} from '@gantry/client';
import { loadBusybox } from './busybox-image.ts';
import { execOutput } from './exec-output.ts';
import { type FaultWalk, startFaultyDaemon } from './fault-walk.ts';
import type { TestDaemon } from './test-daemon.ts';

/** With an anonymous volume that is filled from the image, an open stdin and a published port: all that a start can have. */
const request = {
  Image: 'mirror/busybox',
  Cmd: ['sleep', '1000'],
  OpenStdin: true,
  HostConfig: { Binds: ['/etc'], PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8097' }] } },
};

/** Containers for a walk over fault points, one after the other, and the daemon that is killed. */
export class WalkedContainers implements AsyncDisposable {
  readonly daemon: TestDaemon;
  /** `--userns` of the containers. */
  readonly #users: string;
  #turn = 0;

  private constructor(daemon: TestDaemon, users: string) {
    this.daemon = daemon;
    this.#users = users;
  }

  static async start({ users = '' }: { users?: string } = {}): Promise<WalkedContainers> {
    const daemon = await startFaultyDaemon();
    await loadBusybox(daemon);
    return new WalkedContainers(daemon, users);
  }

  /** `create`, of a container that is whole afterwards or not there. */
  creating(): FaultWalk<string> {
    return {
      covers: ['create', 'snapshot-create', 'volume-create'],
      prepare: async () => this.nextName(),
      operate: async (name) => {
        await this.create(name);
      },
      verify: async (name, acknowledged) => {
        const status = await this.statusOf(name);
        if (acknowledged) assert.equal(status, 'created');
        if (status !== 'none') await this.assertUsable(name);
        else await removeContainer(this.daemon.api, await this.create(name), { volumes: true });
      },
    };
  }

  nextName(): string {
    this.#turn += 1;
    return `walked-${this.#turn}`;
  }

  async create(name: string = this.nextName()): Promise<string> {
    const HostConfig = { ...request.HostConfig, UsernsMode: this.#users };
    return (await createContainer(this.daemon.api, { ...request, HostConfig }, { name })).Id;
  }

  async run(): Promise<string> {
    const id = await this.create();
    await startContainer(this.daemon.api, id);
    return id;
  }

  /** One with `--rm`, running. */
  async runOnce(): Promise<string> {
    const HostConfig = { ...request.HostConfig, UsernsMode: this.#users, AutoRemove: true };
    const made = await createContainer(
      this.daemon.api,
      { ...request, HostConfig },
      { name: this.nextName() },
    );
    await startContainer(this.daemon.api, made.Id);
    return made.Id;
  }

  /** Those of `actions` that were told of the container so far, by any engine, in order. */
  async told(id: string, ...actions: string[]): Promise<string[]> {
    const filters = new Map([
      ['container', [id]],
      ['event', actions],
    ]);
    // Rounded up: what was told in this millisecond counts.
    const until = ((Date.now() + 1) / 1000).toFixed(3);
    const told: string[] = [];
    const events = await systemEvents(this.daemon.api, { since: '0', until, filters });
    for await (const { Action: action = '' } of events) told.push(action);
    return told;
  }

  /** `none` when there is no such container. */
  async statusOf(ref: string): Promise<string> {
    const found = await inspectContainer(this.daemon.api, ref).catch(() => undefined);
    return found?.State?.Status ?? 'none';
  }

  /** Whatever state it is in, it can be used and removed, and takes its volume along. */
  async assertUsable(ref: string): Promise<void> {
    const { api } = this.daemon;
    const { State: state, Mounts: mounts = [] } = await inspectContainer(api, ref);
    if (state?.Running !== true) await startContainer(api, ref);
    assert.equal(await execOutput(api, ref, 'ls', '/etc/passwd'), '/etc/passwd\n');
    await removeContainer(api, ref, { force: true, volumes: true });
    for (const { Name: name = '' } of mounts) {
      await assert.rejects(inspectVolume(api, name), /no such volume/);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}
