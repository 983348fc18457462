import { errorMessage, parseGoDuration } from '@gantry/base';
import { GrpcClient, GrpcError } from '@gantry/buildkit';
import { apiStatus, CommandError } from '../../errors.ts';
import type { Invocation } from '../../invocation.ts';
import { refuseUnknownBuilder } from '../image/build.ts';

/** Does `work` with the engine's builder. What that refuses is printed as buildx prints it. Throws `CommandError`. */
export async function withControl<T>(
  invocation: Invocation,
  work: (calls: GrpcClient) => Promise<T>,
): Promise<T> {
  if (invocation.flags.hasIfKnown('builder')) refuseUnknownBuilder(invocation);
  using calls = new GrpcClient(await openControl(invocation));
  try {
    return await work(calls);
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    throw new CommandError(1, `ERROR: ${errorMessage(error)}`, { cause: error });
  }
}

async function openControl({
  engine,
}: Invocation): ReturnType<Awaited<ReturnType<Invocation['engine']>>['upgrade']> {
  try {
    return await (await engine()).upgrade({ method: 'POST', path: '/grpc' }, 'h2c');
  } catch (error) {
    if (apiStatus(error) !== 404 && apiStatus(error) !== 501) throw error;
    throw new CommandError(
      1,
      'ERROR: the engine has the classic builder only, which keeps no records and has no workers',
    );
  }
}

/** Aborts when `--timeout` is over. */
export function answerTime({ flags }: Pick<Invocation, 'flags'>): AbortSignal {
  return AbortSignal.timeout(parseGoDuration(flags.string('timeout')) / nsPerMs);
}

const nsPerMs = 1e6;
