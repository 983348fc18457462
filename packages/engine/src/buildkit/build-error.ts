import { errorKind, errorMessage } from '@gantry/base';
import { BuildCommandError, SourceNotFoundError } from '@gantry/builder';
import { GrpcError, StatusCode, type wellKnown } from '@gantry/buildkit';
import { DockerfileError, type LineRange } from '@gantry/dockerfile';

/** A Dockerfile as clients are shown it. */
export interface BuildDefinition {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What ended a build, in BuildKit's words. */
export function buildFailureText(error: unknown): string {
  if (error instanceof BuildCommandError)
    return `process ${JSON.stringify(error.command.join(' '))} did not complete successfully: exit code: ${error.exitCode}`;
  if (error instanceof SourceNotFoundError)
    return `failed to compute cache key: failed to calculate checksum: "/${error.source.replace(/^\//, '')}": not found`;
  if (errorKind(error) === 'cancelled') return 'context canceled';
  return errorMessage(error);
}

export interface FailurePlace {
  readonly definition: BuildDefinition | undefined;
  /** Of the instruction that failed. */
  readonly lines: LineRange | undefined;
}

/** The error of a build's call: clients print the text as it is, and the lines of the Dockerfile that it is about. */
export function grpcErrorOf(error: unknown, { definition, lines }: FailurePlace): GrpcError {
  if (error instanceof GrpcError) return error;
  const code = errorKind(error) === 'cancelled' ? StatusCode.cancelled : StatusCode.unknown;
  const place = error instanceof DockerfileError ? error.lines : lines;
  const details = definition === undefined || place === undefined ? [] : [sourceDetail(definition, place)];
  return new GrpcError(code, buildFailureText(error), details);
}

/** Of a Dockerfile beyond it, clients are shown no lines: they would travel in a header. */
const longestShownBytes = 24 * 1024;

/** Details are JSON of Go's structures, under the name that BuildKit registered for them. */
function sourceDetail({ name, bytes }: BuildDefinition, lines: LineRange): wellKnown.Any {
  const data = Buffer.from(bytes.subarray(0, longestShownBytes)).toString('base64');
  const info = { filename: name, data, language: 'Dockerfile' };
  const ranges = [{ start: { line: lines.first }, end: { line: lines.last } }];
  return {
    typeUrl: 'github.com/moby/buildkit/errdefs.Source+json',
    value: Buffer.from(JSON.stringify({ info, ranges })),
  };
}
