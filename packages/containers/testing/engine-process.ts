/**
 * An engine in a process of its own, so that a test can kill it: opens `openRealEngine` on its arguments (root, layer,
 * bridge) and answers calls of `EngineProcess`. A message from it is `{ id, result }` or `{ id, error }`; the first has id 0.
 */
import type { ExecCreateRequest } from '@gantry/api-types';
import { type Containers, singleFrames } from '../src/index.ts';
import { openRealEngine } from './real-engine.ts';

const [root = '', layerPath = '', bridge = ''] = process.argv.slice(2);
const engine = await openRealEngine({ root, layerPath, bridge });
process.on('message', (message: { id: number; method: string; args: never[] }) => {
  void answer(message.id, () => call(engine.containers, message.method, message.args));
});
process.send?.({ id: 0, result: engine.containers.damaged });

async function answer(id: number, work: () => Promise<unknown>): Promise<void> {
  try {
    process.send?.({ id, result: await work() });
  } catch (error) {
    const { message, kind } = error as { message: string; kind?: string };
    process.send?.({ id, error: { message, kind } });
  }
}

async function call({ service, execs }: Containers, method: string, args: never[]): Promise<unknown> {
  const [first, second] = args as unknown as [string, never];
  switch (method) {
    case 'close':
      await engine[Symbol.asyncDispose]();
      setImmediate(() => process.disconnect());
      return undefined;
    case 'logs':
      return await readLogs(service, first);
    case 'wait':
      return (await (await service.wait(first, second, new AbortController().signal)).result).StatusCode;
    case 'exec':
      return await runExec(execs, first, second);
    case 'execDetached': {
      const id = await execs.create(first, second);
      await execs.startDetached(id);
      return id;
    }
    case 'execInspect':
      return await execs.inspect(first);
    default: {
      const operation = service[method as 'inspect'].bind(service) as (...all: never[]) => Promise<unknown>;
      return await operation(...args);
    }
  }
}

async function readLogs(service: Containers['service'], id: string): Promise<string> {
  const { frames } = await service.logs(id, {
    stdout: true,
    stderr: true,
    follow: false,
    timestamps: false,
    details: false,
    signal: new AbortController().signal,
  });
  const parts: Uint8Array[] = [];
  for await (const some of frames) for (const { data } of singleFrames(some)) parts.push(Buffer.from(data));
  return Buffer.concat(parts).toString('latin1');
}

async function runExec(
  execs: Containers['execs'],
  containerId: string,
  request: ExecCreateRequest,
): Promise<{ output: string; exitCode: number | undefined }> {
  const id = await execs.create(containerId, { AttachStdout: true, AttachStderr: true, ...request });
  const session = await execs.start(id, { terminal: false, signal: new AbortController().signal });
  session.input?.end();
  let output = '';
  for await (const { data } of session.output) output += Buffer.from(data).toString();
  return { output, exitCode: (await execs.inspect(id)).ExitCode };
}
