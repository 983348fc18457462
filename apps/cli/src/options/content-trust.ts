import { parseGoBoolean } from '@gantry/base';
import { NotBuiltError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';

/** Images are not checked for signatures: throws `NotBuiltError` for who asks for it, by flag or by environment. */
export function refuseContentTrust({ flags, environment }: Pick<Invocation, 'flags' | 'environment'>): void {
  if (flags.has('disable-content-trust')) {
    if (!flags.boolean('disable-content-trust')) throw new NotBuiltError('--disable-content-trust=false');
  } else if (isTrue(environment['DOCKER_CONTENT_TRUST'])) {
    throw new NotBuiltError('content trust (DOCKER_CONTENT_TRUST)');
  }
}

function isTrue(text: string | undefined): boolean {
  if (!text) return false;
  try {
    return parseGoBoolean(text);
  } catch {
    return false;
  }
}
