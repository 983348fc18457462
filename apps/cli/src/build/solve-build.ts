import { randomBytes } from 'node:crypto';
import { control, type Draft, GrpcClient, type ServiceTable } from '@gantry/buildkit';
import type { ApiClient } from '@gantry/client';
import type { BuildDisplay } from '../progress/build-events.ts';
import { BuildSession } from './session/build-session.ts';
import { eventsOf } from './solve-events.ts';

/** How long the rest of the progress is waited for when the build is over. */
const progressGraceMs = 5_000;

export interface SolveOptions {
  readonly services: readonly ServiceTable[];
  readonly sharedKey: string;
  /** Beside session and reference, which are made here. */
  readonly request: Draft<control.SolveRequest>;
  readonly display: BuildDisplay;
  /** Drives the build in the place of the frontend that `request` names. */
  readonly drive?: ((client: GrpcClient, ref: string, signal: AbortSignal) => Promise<void>) | undefined;
  readonly signal: AbortSignal;
  /** Called with the build's reference before it begins. */
  readonly onStart?: (ref: string) => void;
}

export interface Solved {
  readonly ref: string;
  /** What the exporters say: `containerimage.digest`, `image.name` … */
  readonly response: ReadonlyMap<string, string>;
}

/** Has an engine build, and shows how it goes on. An aborted signal cancels the build. Throws `GrpcError` when it fails. */
export async function solveBuild(client: ApiClient, options: SolveOptions): Promise<Solved> {
  const { display, drive, services, sharedKey } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const ref = randomBytes(13).toString('hex').slice(0, 25);
  options.onStart?.(ref);
  const [socket, session] = await Promise.all([
    client.upgrade({ method: 'POST', path: '/grpc', signal: options.signal }, 'h2c'),
    BuildSession.open(client, services, { sharedKey, signal: options.signal }),
  ]);
  await using _session = session;
  using calls = new GrpcClient(socket);
  const progress = showProgress(calls, ref, display);
  try {
    const request = { ...options.request, ref, session: session.id };
    const solving = calls.unary(control.Control.solve, request, { signal });
    const driving = drive?.(calls, ref, signal).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
    const [{ exporterResponse }] = await Promise.all([solving, driving]);
    return { ref, response: exporterResponse };
  } finally {
    await Promise.race([progress, later(progressGraceMs)]);
    display.end();
  }
}

/** The build's own end says whether it failed: what ends the telling of its progress is no failure. */
async function showProgress(calls: GrpcClient, ref: string, display: BuildDisplay): Promise<void> {
  try {
    for await (const response of calls.serverStream(control.Control.status, { ref }))
      display.show(eventsOf(response));
  } catch {
    // The connection is over, or the engine knows no such build: it ended before.
  }
}

function later(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs).unref());
}
