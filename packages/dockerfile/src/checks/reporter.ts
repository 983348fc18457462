import type { LineRange } from '../errors.ts';
import { type CheckOptions, parseCheckOptions } from './check-options.ts';
import { type CheckName, checkRules, checkUrl } from './rules.ts';

/** A violation of a rule, in the words that every client shows. */
export interface CheckWarning {
  readonly name: CheckName;
  readonly description: string;
  readonly url: string;
  readonly message: string;
  readonly lines: LineRange;
}

/** Where a violation is: the comments above an instruction may switch rules off for it. */
export interface CheckedPlace {
  readonly lines: LineRange;
  readonly comments: readonly string[];
}

/** Collects violations, but for the rules that the options or the comments above the place leave out. */
export class CheckReporter {
  readonly warnings: CheckWarning[] = [];
  readonly #options: CheckOptions;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  report(name: CheckName, place: CheckedPlace, message: string): void {
    if (!runs(name, this.#options) || !runs(name, optionsAbove(place.comments, this.#options))) return;
    const { description } = checkRules[name];
    // A build for several platforms comes by each place several times.
    const isKnown = this.warnings.some(
      (known) => known.name === name && known.message === message && known.lines.first === place.lines.first,
    );
    if (isKnown) return;
    this.warnings.push({ name, description, url: checkUrl(name), message, lines: place.lines });
  }
}

function runs(name: CheckName, { skip, experimental }: CheckOptions): boolean {
  if (checkRules[name].experimental === true) return experimental === 'all' || experimental.has(name);
  return skip !== 'all' && !skip.has(name);
}

/** `# check=skip=Name` right above an instruction; one that cannot be read says nothing. */
function optionsAbove(comments: readonly string[], options: CheckOptions): CheckOptions {
  for (const comment of comments) {
    const [, value] = /^check\s*=\s*(\S+)/i.exec(comment) ?? [];
    if (value === undefined) continue;
    try {
      const { skip, experimental } = parseCheckOptions(value);
      return { ...options, skip, experimental: experimental === 'all' ? 'all' : options.experimental };
    } catch {
      return options;
    }
  }
  return options;
}
