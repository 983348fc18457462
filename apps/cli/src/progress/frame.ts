import { displayWidth, truncate } from '@gantry/terminal';
import {
  type BuildTrace,
  isCancellation,
  isCompleted,
  spentSeconds,
  type TracedVertex,
} from './build-trace.ts';
import type { ProgressColors } from './progress-colors.ts';
import { statusSeconds, statusTitle } from './status-text.ts';

/** What a frame is drawn for. */
export interface FrameOptions {
  readonly nowNs: bigint;
  /** When the build began. */
  readonly startedNs: bigint;
  readonly rows: number;
  readonly columns: number;
  readonly colors: ProgressColors;
  /** What stands at the right of the first line: who builds. */
  readonly title: string;
  /** Lines of output that a running step shows. */
  readonly logLines: number;
  /** The last frame: all steps, whatever the terminal's height. */
  readonly isLast: boolean;
}

interface FrameLine {
  readonly text: string;
  readonly seconds?: number | undefined;
  readonly color?: string;
}

/** The lines of the terminal at one moment, none wider than it. The first counts the steps, the others tell of each that has begun. */
export function drawFrame(trace: BuildTrace, options: FrameOptions): string[] {
  const blocks = trace.vertexes.map((vertex) => stepLines(vertex, options));
  const fitting = options.isLast ? blocks.flat() : fit(trace.vertexes, blocks, options);
  return [headLine(trace, options), ...fitting.map((line) => drawLine(line, options))];
}

function headLine(trace: BuildTrace, options: FrameOptions): string {
  const seconds = (Number(options.nowNs - options.startedNs) / 1e9).toFixed(1);
  const counts = `(${trace.completedCount}/${trace.totalCount})`;
  const end = options.isLast ? ' FINISHED' : '';
  const left = `[+] Building ${seconds}s ${counts}${end}`;
  const room = options.columns - 1 - displayWidth(left);
  return room > displayWidth(options.title) ? `${left}${options.title.padStart(room)}` : left;
}

function stepLines(vertex: TracedVertex, { nowNs, colors }: FrameOptions): FrameLine[] {
  const { error, cached } = vertex;
  const isCanceled = error !== '' && isCancellation(error);
  const mark = isCanceled ? 'CANCELED ' : error !== '' ? 'ERROR ' : cached ? 'CACHED ' : '';
  const color = isCanceled
    ? colors.cancel
    : error !== ''
      ? colors.error
      : isCompleted(vertex)
        ? colors.run
        : '';
  const step = { text: ` => ${mark}${oneLine(vertex.name)}`, seconds: spentSeconds(vertex, nowNs), color };
  const statuses = [...vertex.statuses.values()].map((status) => ({
    text: ` => => ${oneLine(statusTitle(status))}`,
    seconds: statusSeconds(status, nowNs),
    color: status.completedNs === undefined ? '' : colors.run,
  }));
  return [step, ...statuses];
}

/**
 * What fits between the first line and the terminal's last: running steps and their output first, then the steps that ended last. The order
 * of steps stays.
 */
function fit(
  vertexes: readonly TracedVertex[],
  blocks: readonly FrameLine[][],
  options: FrameOptions,
): FrameLine[] {
  const indexes = [...vertexes.keys()].toReversed();
  const isRunning = (index: number): boolean => vertexes[index]?.completedNs === undefined;
  const running = indexes.filter(isRunning);
  const talking = running.filter((index) => (vertexes[index]?.lines.length ?? 0) > 0).length;
  let left = Math.max(1, options.rows - 2);
  const forLogs = left - running.reduce((sum, index) => sum + (blocks[index]?.length ?? 0), 0);
  const logRows = Math.min(options.logLines, Math.trunc(forLogs / Math.max(1, talking)));
  const chosen = new Map<number, FrameLine[]>();
  for (const index of [...running, ...indexes.filter((candidate) => !isRunning(candidate))]) {
    const output = isRunning(index) ? logWindow(vertexes[index], logRows) : [];
    const lines = [...(blocks[index] ?? []), ...output].slice(0, left);
    if (lines.length > 0) chosen.set(index, lines);
    left -= lines.length;
  }
  return [...chosen].toSorted(([one], [other]) => one - other).flatMap(([, lines]) => lines);
}

function logWindow(vertex: TracedVertex | undefined, rows: number): FrameLine[] {
  const lines = vertex?.lines.slice(-rows) ?? [];
  return rows < 1 ? [] : lines.map(({ text }) => ({ text: ` => => # ${harmless(text)}` }));
}

function drawLine({ text, seconds, color = '' }: FrameLine, { columns, colors }: FrameOptions): string {
  const time = seconds === undefined ? '' : ` ${seconds.toFixed(1)}s`;
  const width = Math.max(1, columns - 1 - time.length);
  const shown = truncate(text, width);
  const line = time === '' ? shown : `${shown}${' '.repeat(Math.max(0, width - displayWidth(shown)))}${time}`;
  return color === '' ? line : `${color}${line}${colors.reset}`;
}

function oneLine(text: string): string {
  return harmless(text.replaceAll('\n', ' '));
}

/** Output must not steer the terminal. */
function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const withoutSequences = text.replaceAll(
    /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])/g,
    '',
  );
  // oxlint-disable-next-line no-control-regex
  return withoutSequences.replaceAll('\t', '    ').replaceAll(/[\x00-\x1f\x7f]/g, '');
}
