import { parseGoBoolean } from '@gantry/base';
import { SyntaxProblem } from '../errors.ts';

/** Which checks run, and what a violation means; the value of `# check=` and of `BUILDKIT_DOCKERFILE_CHECK`. */
export interface CheckOptions {
  readonly skip: ReadonlySet<string> | 'all';
  readonly experimental: ReadonlySet<string> | 'all';
  /** A violation fails the build. */
  readonly error: boolean;
}

/** Every check but the experimental ones, each violation a warning. */
export const defaultCheckOptions: CheckOptions = { skip: new Set(), experimental: new Set(), error: false };

/** Reads `skip=A,B;experimental=all;error=true`. Throws `SyntaxProblem` in BuildKit's words. */
export function parseCheckOptions(text: string): CheckOptions {
  let options = defaultCheckOptions;
  if (text.trim() === '') return options;
  for (const part of text.split(';')) {
    const [, key = '', value] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (value === undefined)
      throw new SyntaxProblem(`failed to parse check options: invalid check option ${JSON.stringify(part)}`);
    if (key === 'skip' || key === 'experimental') options = { ...options, [key]: ruleSet(value) };
    else if (key === 'error') options = { ...options, error: readError(part, value) };
    else
      throw new SyntaxProblem(`failed to parse check options: invalid check option ${JSON.stringify(key)}`);
  }
  return options;
}

function ruleSet(value: string): ReadonlySet<string> | 'all' {
  return value === 'all' ? 'all' : new Set(value.split(',').map((name) => name.trim()));
}

function readError(part: string, value: string): boolean {
  try {
    return parseGoBoolean(value);
  } catch {
    throw new SyntaxProblem(`failed to parse check option ${JSON.stringify(part)}`);
  }
}
