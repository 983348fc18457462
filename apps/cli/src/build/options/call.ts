import { parseGoBoolean } from '@gantry/base';
import { CommandError } from '../../errors.ts';
import { readAttributes } from './attributes.ts';

/** What is asked about a Dockerfile in the place of building it. */
export interface CallOption {
  readonly name: 'lint' | 'outline' | 'targets';
  readonly format: 'text' | 'json';
  /** The exit code is 0, whatever is found. */
  readonly ignoresStatus: boolean;
}

/** `--call build|check|lint|outline|targets[,format=json][,ignorestatus]` and `--check`; undefined for a build. Throws `CommandError`. */
export function readCall(text: string, check: boolean): CallOption | undefined {
  const [[first, value] = ['build', undefined], ...options] = readAttributes(text);
  const name = first === 'method' ? (value ?? '') : first;
  const wanted = check && name === 'build' ? 'lint' : name === 'check' ? 'lint' : name;
  if (check && wanted !== 'lint') {
    throw new CommandError(1, `ERROR: the --check flag is not compatible with --call=${text}`);
  }
  if (wanted === 'build') return undefined;
  if (wanted !== 'lint' && wanted !== 'outline' && wanted !== 'targets') {
    throw new CommandError(
      1,
      `ERROR: unknown call ${JSON.stringify(name)}, must be one of build, check, outline, targets`,
    );
  }
  let format: CallOption['format'] = 'text';
  let ignoresStatus = false;
  for (const [key, option] of options) {
    if (key === 'format' && (option === 'json' || option === 'text')) format = option;
    else if (key === 'ignorestatus') ignoresStatus = parseGoBoolean(option ?? 'true');
    else throw new CommandError(1, `ERROR: invalid option ${JSON.stringify(key)} of --call`);
  }
  return { name: wanted, format, ignoresStatus };
}
