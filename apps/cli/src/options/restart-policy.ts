import type { RestartPolicy } from '@gantry/api-types';
import { CommandError } from '../errors.ts';

/** `no`, `always`, `unless-stopped`, `on-failure[:max]`. The engine judges the name. */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [name = '', count, ...rest] = text.split(':');
  if (rest.length > 0) {
    throw new CommandError(
      125,
      'restart policy format is not valid: invalid restart policy format: expected policy[:max]',
    );
  }
  if (text.includes(':') && (name === '' || !/^\d+$/.test(count ?? ''))) {
    const reason = name === '' ? 'no policy provided before colon' : 'maximum retry count must be an integer';
    throw new CommandError(125, `invalid restart policy format: ${reason}`);
  }
  const policy: RestartPolicy = { Name: name as NonNullable<RestartPolicy['Name']> };
  return count === undefined ? policy : { ...policy, MaximumRetryCount: Number(count) };
}
