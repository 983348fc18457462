import { type Output, windowSize } from '@gantry/terminal';
import { CommandError } from '../errors.ts';
import type { BuildDisplay } from './build-events.ts';
import type { BuildTrace } from './build-trace.ts';
import { PlainDisplay } from './plain-display.ts';
import { progressColors } from './progress-colors.ts';
import { RawJsonDisplay } from './raw-json-display.ts';
import { TerminalDisplay } from './terminal-display.ts';

export interface DisplayChoice {
  /** Of `--progress`: `auto`, `plain`, `tty`, `quiet`, `none` or `rawjson`; empty when it was not given. */
  readonly mode: string;
  /** Gathers what is needed for the report at the end. */
  readonly trace: BuildTrace;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Who builds, for the first line of a terminal. */
  readonly title: string;
}

const defaultLogLines = 6;
const modes = ['auto', 'plain', 'tty', 'quiet', 'none', 'rawjson'];

/**
 * The display that `--progress`, else `BUILDKIT_PROGRESS`, names; `auto` is the terminal's on a terminal and the plain one elsewhere. Throws
 * `CommandError` for one that does not exist, and for `tty` without a terminal.
 */
export function chooseDisplay(output: Output, choice: DisplayChoice): BuildDisplay {
  const { environment, trace, title } = choice;
  const mode = progressMode(choice);
  const isDrawn = mode === 'tty' || (mode === 'auto' && output.isTerminal);
  if (isDrawn && output.isTerminal) {
    const size = (): { rows: number; columns: number } => windowSize(2) ?? { rows: 24, columns: 80 };
    const logLines = Number(environment['BUILDKIT_TTY_LOG_LINES'] || defaultLogLines);
    return new TerminalDisplay(output, {
      trace,
      title,
      size,
      nowNs,
      colors: progressColors(environment),
      logLines: Number.isInteger(logLines) && logLines >= 0 ? logLines : defaultLogLines,
    });
  }
  if (mode === 'tty') throw new CommandError(1, 'ERROR: failed to get console: stderr is not a terminal');
  if (mode === 'rawjson') return alsoTraced(new RawJsonDisplay(output), trace);
  if (mode === 'quiet' || mode === 'none') return alsoTraced({ show: () => {}, end: () => {} }, trace);
  return new PlainDisplay(output, { nowNs, trace });
}

/** The mode's name, checked. Throws `CommandError`. */
export function progressMode({ mode, environment }: Pick<DisplayChoice, 'mode' | 'environment'>): string {
  const wanted = mode === '' || mode === 'auto' ? environment['BUILDKIT_PROGRESS'] || 'auto' : mode;
  if (!modes.includes(wanted)) throw new CommandError(1, `ERROR: invalid progress mode ${wanted}`);
  return wanted;
}

function alsoTraced(display: BuildDisplay, trace: BuildTrace): BuildDisplay {
  return {
    show: (events) => {
      trace.add(events);
      display.show(events);
    },
    end: () => display.end(),
  };
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
