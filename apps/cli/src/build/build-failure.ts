import { errorMessage } from '@gantry/base';
import { decodeMessage, errorDetails, GrpcError } from '@gantry/buildkit';
import type { Output } from '@gantry/terminal';
import { CommandError } from '../errors.ts';
import type { SourceRange, SourceText } from '../progress/build-events.ts';
import { culpritReport, sourceReport } from '../progress/build-report.ts';
import type { BuildTrace } from '../progress/build-trace.ts';
import { BuildInterruption, interruptedExitCode } from './build-signal.ts';
import { rangesOf } from './solve-events.ts';

export interface FailureContext {
  readonly trace: BuildTrace;
  readonly stderr: Output;
  /** Nothing but documents is printed. */
  readonly isRaw: boolean;
  /** Between the output of the step that failed and the lines of the Dockerfile. */
  readonly tellWarnings: () => void;
}

/** What to throw for a build that failed, after its report is printed: what is no failure of the build stays as it is. */
export function buildFailure(
  error: unknown,
  { trace, stderr, isRaw, tellWarnings }: FailureContext,
): unknown {
  if (error instanceof BuildInterruption) {
    return new CommandError(
      interruptedExitCode,
      'ERROR: failed to build: failed to solve: Canceled: context canceled',
    );
  }
  if (!(error instanceof GrpcError)) return error;
  if (!isRaw) {
    stderr.write(culpritReport(trace));
    tellWarnings();
    const source = sourceOf(error);
    if (source !== undefined) stderr.write(sourceReport(source.text, source.ranges));
  }
  return new CommandError(1, `ERROR: failed to build: failed to solve: ${errorMessage(error)}`, {
    cause: error,
  });
}

/** Lines of the Dockerfile that the engine names with the failure. */
function sourceOf(error: GrpcError): { text: SourceText; ranges: readonly SourceRange[] } | undefined {
  for (const { typeUrl, value } of error.statusDetails) {
    if (!typeUrl.includes('errdefs.Source')) continue;
    const { info, ranges } = readSource(value);
    if (info !== undefined) return { text: info, ranges: rangesOf(ranges) };
  }
  return undefined;
}

/** BuildKit wraps its details as JSON, unless the engine is ours. */
function readSource(value: Uint8Array): errorDetails.Source {
  if (value[0] !== openBrace) return decodeMessage(errorDetails.Source, value);
  const { info, ranges = [] } = JSON.parse(Buffer.from(value).toString()) as JsonSource;
  const position = (place: { line?: number } | undefined): { line: number; character: number } => ({
    line: place?.line ?? 0,
    character: 0,
  });
  return {
    info: info && {
      filename: info.filename ?? '',
      data: Buffer.from(info.data ?? '', 'base64'),
      definition: undefined,
      language: '',
    },
    ranges: ranges.map(({ start, end }) => ({ start: position(start), end: position(end) })),
  };
}

interface JsonSource {
  info?: { filename?: string; data?: string };
  ranges?: { start?: { line?: number }; end?: { line?: number } }[];
}

const openBrace = 0x7b;
