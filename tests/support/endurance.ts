import assert from 'node:assert/strict';
import {
  attachContainer,
  createContainer,
  createExec,
  inspectExec,
  removeContainer,
  startContainer,
  startExec,
  waitContainer,
} from '@gantry/client';
import { footprintOf } from './footprint.ts';
import type { TestDaemon } from './test-daemon.ts';
import { until } from './until.ts';

const image = 'mirror/busybox';

/** Runs `true` in one container, one exec after the other, and asserts that the engine holds no more than before. */
export async function execInARow(daemon: TestDaemon, count: number): Promise<void> {
  const { Id: id } = await createContainer(daemon.api, { Image: image, Cmd: ['sleep', '1000'] });
  await startContainer(daemon.api, id);
  const once = async (): Promise<void> => {
    const exec = await createExec(daemon.api, id, { Cmd: ['true'], AttachStdout: true });
    using stream = await startExec(daemon.api, exec, {});
    for await (const chunk of stream) assert.equal(chunk.length, 0);
  };
  await withoutGrowth(daemon, once, async () => {
    for (let round = 0; round < count; round += 1) await once();
  });
  await removeContainer(daemon.api, id, { force: true });
}

/** As `execInARow`, of `cat` with an input that ends at once. */
export async function execWithEmptyInput(daemon: TestDaemon, count: number): Promise<void> {
  const { Id: id } = await createContainer(daemon.api, { Image: image, Cmd: ['sleep', '1000'] });
  await startContainer(daemon.api, id);
  const once = async (): Promise<void> => {
    const request = { Cmd: ['cat'], AttachStdin: true, AttachStdout: true };
    const exec = await createExec(daemon.api, id, request);
    using stream = await startExec(daemon.api, exec, {});
    stream.closeWrite();
    for await (const chunk of stream) assert.equal(chunk.length, 0);
    assert.equal((await inspectExec(daemon.api, exec)).ExitCode, 0);
  };
  await withoutGrowth(daemon, once, async () => {
    for (let round = 0; round < count; round += 1) await once();
  });
  await removeContainer(daemon.api, id, { force: true });
}

/** Attaches to one container, leaves by the detach keys, and does so again; asserts that the engine holds no more than before. */
export async function attachAndDetach(daemon: TestDaemon, count: number): Promise<void> {
  const request = { Image: image, Cmd: ['cat'], Tty: true, OpenStdin: true };
  const { Id: id } = await createContainer(daemon.api, request);
  await startContainer(daemon.api, id);
  const once = async (): Promise<void> => {
    using stream = await attachContainer(daemon.api, id, {
      stdin: true,
      stdout: true,
      stderr: false,
      detachKeys: 'ctrl-a,x',
    });
    await stream.write(Buffer.from('\x01x'));
    for await (const chunk of stream) assert.equal(chunk.length, 0);
  };
  await withoutGrowth(daemon, once, async () => {
    for (let round = 0; round < count; round += 1) await once();
  });
  await removeContainer(daemon.api, id, { force: true });
}

/** `run --rm` of `true`, `count` times, eight at once; asserts that the engine holds no more than before. */
export async function runInParallel(daemon: TestDaemon, count: number): Promise<void> {
  const once = async (): Promise<void> => {
    const request = { Image: image, Cmd: ['true'], HostConfig: { AutoRemove: true } };
    const { Id: id } = await createContainer(daemon.api, request);
    const { result } = await waitContainer(daemon.api, id, { condition: 'removed' });
    await startContainer(daemon.api, id);
    assert.equal((await result).StatusCode, 0);
  };
  await withoutGrowth(daemon, once, async () => {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await once();
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
  });
}

async function withoutGrowth(
  daemon: TestDaemon,
  warmUp: () => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  for (let round = 0; round < 5; round += 1) await warmUp();
  const before = footprintOf(daemon.pid);
  await work();
  const grown = (): boolean => {
    const now = footprintOf(daemon.pid);
    return (
      now.descriptors > before.descriptors + 8 ||
      now.childProcesses > before.childProcesses ||
      now.mounts > before.mounts
    );
  };
  await until('gantryd holds as few descriptors, processes and mounts as before', () => !grown(), 10_000);
}
