import type { SourceRange, SourceText, WarningEvent } from './build-events.ts';
import { type BuildTrace, isCancellation } from './build-trace.ts';

/** Lines of the culprit's output that are shown again. */
const mostLogLines = 50;

/** The output of the step that failed, which is shown again when all is over. Empty when none did. */
export function culpritReport(trace: BuildTrace): string {
  const { culprit } = trace;
  if (culprit === undefined || isCancellation(culprit.error)) return '';
  const shown = culprit.lines.slice(-mostLogLines);
  const omitted = trace.lineCount(culprit.digest) - shown.length;
  return asText([
    '------',
    ` > ${culprit.name.replaceAll('\n', ' ')}:`,
    ...(omitted > 0 ? [`${omitted} lines of output are left out`] : []),
    ...shown.map(({ text, afterSeconds }) => `${afterSeconds.toFixed(3)} ${text}`),
    '------',
  ]);
}

/** The lines of a file that are to blame. */
export function sourceReport(text: SourceText, ranges: readonly SourceRange[]): string {
  return asText(sourceLines(text, ranges));
}

/** Some lines of a file, those that are meant marked with `>>>`. Empty when the file has no such lines. */
function sourceLines({ filename, data }: SourceText, ranges: readonly SourceRange[]): string[] {
  const lines = Buffer.from(data).toString('utf8').split('\n');
  const starts = ranges.map(({ startLine }) => startLine);
  const first = Math.min(...starts);
  const last = Math.max(...ranges.map(({ endLine, startLine }) => Math.max(endLine, startLine)));
  if (ranges.length === 0 || first < 1 || first > lines.length) return [];
  const isMeant = (line: number): boolean =>
    ranges.some(({ startLine, endLine }) => line >= startLine && line <= Math.max(startLine, endLine));
  const [from, to] = withContext(first, Math.min(last, lines.length), lines.length);
  const body = lines.slice(from - 1, to).map((text, index) => {
    const line = from + index;
    return `${String(line).padStart(4)} | ${isMeant(line) ? '>>>' : '   '} ${text.replace(/\r$/, '')}`;
  });
  return [`${filename}:${first}`, '-'.repeat(20), ...body, '-'.repeat(20)];
}

/** Lines around those that are meant, as buildx shows them: on both sides in turn, more around a single one. */
function withContext(first: number, last: number, lineCount: number): [from: number, to: number] {
  let [from, to] = [first, last];
  for (let shown = 0; shown < (first === last ? 4 : 2); shown++) {
    if (from > 1) {
      from -= 1;
      shown += 1;
    }
    if (to < lineCount) {
      to += 1;
      shown += 1;
    }
  }
  return [from, to];
}

/** The warnings of a build; with `isDetailed` the reasons and lines of each, else a line each. Empty when there are none. */
export function warningReport(
  warnings: readonly WarningEvent[],
  { isDetailed }: { isDetailed: boolean },
): string {
  if (warnings.length === 0) return '';
  const count = `${warnings.length} warning${warnings.length === 1 ? '' : 's'} found`;
  if (!isDetailed) {
    const lines = warnings.map((warning) => ` - ${warningLine(warning)}`);
    return `\n ${count} (use docker --debug to expand):\n${lines.join('\n')}\n`;
  }
  return `\n ${count}:\n${warnings.map(detailedWarning).join('')}`;
}

/** What it says, which names the line by itself where it has one. */
export function warningLine({ short, ranges: [first] }: WarningEvent): string {
  const place = first === undefined ? '' : ` (line ${first.startLine})`;
  return short.endsWith(place) ? short : short + place;
}

function detailedWarning({ short, detail, url, source, ranges }: WarningEvent): string {
  const more = url === '' ? [] : [`More info: ${url}`];
  const lines = source === undefined ? [] : sourceLines(source, ranges);
  return `${[` - ${short}`, ...detail, ...more, ...lines].join('\n')}\n\n`;
}

function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
