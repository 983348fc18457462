import { openSocket } from '@gantry/client';
import { isEngineError } from '../errors.ts';

/** True when somebody accepts connections on the socket, or when we may not even try. */
export async function isListening(socketPath: string): Promise<boolean> {
  try {
    (await openSocket({ kind: 'unix', path: socketPath })).destroy();
    return true;
  } catch (error) {
    return isEngineError(error) && error.kind === 'forbidden';
  }
}
