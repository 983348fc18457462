import assert from 'node:assert/strict';
import { type ApiClient, createExec, demultiplex, inspectExec, startExec } from '@gantry/client';

/** What a command in a running container prints to stdout, by the API, which is quicker than a CLI. Throws unless it exits with 0. */
export async function execOutput(api: ApiClient, ref: string, ...command: string[]): Promise<string> {
  const exec = await createExec(api, ref, { Cmd: command, AttachStdout: true, AttachStderr: true });
  using stream = await startExec(api, exec, {});
  const output = { stdout: '', stderr: '' };
  for await (const frame of demultiplex(stream)) {
    output[frame.stream] += Buffer.from(frame.data).toString();
  }
  const { ExitCode: exitCode } = await inspectExec(api, exec);
  assert.equal(exitCode, 0, `${command.join(' ')}: ${output.stderr}${output.stdout}`);
  return output.stdout;
}
