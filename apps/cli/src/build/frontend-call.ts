import { type GrpcClient, gateway } from '@gantry/buildkit';
import type { Output } from '@gantry/terminal';
import { CommandError } from '../errors.ts';
import type { CallOption } from './options/call.ts';

/** A question about a Dockerfile, and its answer. */
export interface FrontendCall {
  /** Asks, as the client that drives the build `ref`. */
  readonly drive: (client: GrpcClient, ref: string, signal: AbortSignal) => Promise<void>;
  /** Prints the answer and says the exit code. */
  readonly print: (stdout: Output) => number;
}

const requestIds = {
  lint: 'frontend.lint',
  outline: 'frontend.outline',
  targets: 'frontend.targets',
} as const;

export function callFrontend(attributes: ReadonlyMap<string, string>, call: CallOption): FrontendCall {
  let metadata: ReadonlyMap<string, Uint8Array> = new Map();
  const frontendOpt = new Map([
    ...attributes,
    ['requestid', requestIds[call.name]],
    ['frontend.caps', 'moby.buildkit.frontend.subrequests'],
  ]);
  return {
    drive: async (client, ref, signal) => {
      const options = { headers: { 'buildkit-controlapi-buildid': ref }, signal };
      const request = {
        frontend: 'dockerfile.v0',
        frontendOpt,
        allowResultReturn: true,
        allowResultArrayRef: true,
      };
      const { result } = await client.unary(gateway.LLBBridge.solve, request, options);
      metadata = result?.metadata ?? new Map();
      await client.unary(gateway.LLBBridge.return, { result: { metadata: new Map() } }, options);
    },
    print: (stdout) => printAnswer(stdout, metadata, call),
  };
}

function printAnswer(stdout: Output, metadata: ReadonlyMap<string, Uint8Array>, call: CallOption): number {
  const text = (key: string): string => Buffer.from(metadata.get(key) ?? []).toString();
  if (!metadata.has('result.json') && !metadata.has('result.txt')) {
    throw new CommandError(1, `ERROR: the engine does not know --call=${call.name}`);
  }
  if (call.format === 'json') stdout.write(`${text('result.json')}\n`);
  else
    stdout.write(
      call.name === 'lint' ? lintText(text('result.json'), text('result.txt')) : text('result.txt'),
    );
  const status = Number(text('result.statuscode') || '0');
  return call.ignoresStatus ? 0 : status;
}

function lintText(json: string, findings: string): string {
  const { warnings } = JSON.parse(json || '{}') as { warnings?: unknown[] | null };
  const count = warnings?.length ?? 0;
  if (count === 0) return `${findings}Check complete, no warnings found.\n`;
  return `Check complete, ${count === 1 ? '1 warning has' : `${count} warnings have`} been found!\n${findings}`;
}
