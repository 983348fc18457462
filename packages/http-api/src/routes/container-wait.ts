import type { ContainerWaitResponse } from '@gantry/api-types';
import { errorMessage } from '@gantry/base';
import type { ContainerBackend } from '../backends/container-backend.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { beginStream } from '../server/respond.ts';

const conditions = ['not-running', 'next-exit', 'removed'] as const;

/**
 * The headers go out as soon as the wait is registered, because the CLI starts the container only then; the result
 * follows when the condition comes true. A failure after that is told in the result.
 */
export async function waitForContainer(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const asked = exchange.query.text('condition') || 'not-running';
  const condition = conditions.find((known) => known === asked);
  if (condition === undefined) {
    throw new InvalidRequestError(`invalid condition: ${JSON.stringify(asked.slice(0, 64))}`, {
      code: 'bad-condition',
    });
  }
  const { result } = await containers.wait(exchange.reference('id'), condition, exchange.signal);
  // Handled below as well; this one is for a result that fails while the headers are on their way.
  result.catch(() => {});
  beginStream(exchange, 'application/json');
  let response: ContainerWaitResponse;
  try {
    response = await result;
  } catch (error) {
    if (exchange.aborted) {
      exchange.socket.destroy();
      return;
    }
    response = { StatusCode: -1, Error: { Message: errorMessage(error) } };
  }
  exchange.response.end(`${JSON.stringify(response)}\n`);
}
