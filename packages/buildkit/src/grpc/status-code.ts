import { EngineError, type ErrorKind, errorKind, errorMessage } from '@gantry/base';
import { Status } from '../messages/status.ts';
import { decodeMessage } from '../protobuf/decode-message.ts';
import { encodeMessage } from '../protobuf/encode-message.ts';
import type { Draft } from '../protobuf/message-type.ts';

/** gRPC's numbers of failures. */
export const StatusCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

const codeOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: StatusCode.invalidArgument,
  unauthorized: StatusCode.unauthenticated,
  forbidden: StatusCode.permissionDenied,
  'not-found': StatusCode.notFound,
  conflict: StatusCode.failedPrecondition,
  'not-modified': StatusCode.alreadyExists,
  'not-implemented': StatusCode.unimplemented,
  unavailable: StatusCode.unavailable,
  exhausted: StatusCode.resourceExhausted,
  corrupt: StatusCode.dataLoss,
  cancelled: StatusCode.cancelled,
  internal: StatusCode.unknown,
};

/** A call that failed, as gRPC says it. */
export class GrpcError extends EngineError {
  override readonly name = 'GrpcError';
  readonly statusCode: number;
  readonly statusDetails: Status['details'];
  constructor(statusCode: number, message: string, statusDetails: Status['details'] = []) {
    super(kindOfCode(statusCode), 'grpc-call-failed', message, { details: { statusCode } });
    this.statusCode = statusCode;
    this.statusDetails = statusDetails;
  }
}

function kindOfCode(code: number): ErrorKind {
  const kinds = Object.keys(codeOfKind) as ErrorKind[];
  return kinds.find((kind) => codeOfKind[kind] === code) ?? 'internal';
}

/** What a call says when `error` ended it. */
export function statusOf(error: unknown): Draft<Status> & { code: number; message: string } {
  const message = errorMessage(error);
  if (error instanceof GrpcError) return { code: error.statusCode, message, details: error.statusDetails };
  return { code: codeOfKind[errorKind(error)], message };
}

/** How headers carry a status. Details make one that is too long for them; then they stay behind. */
export function statusTrailers(
  status: Draft<Status> & { code: number; message: string },
): Record<string, string> {
  const { code, message, details = [] } = status;
  const trailers = { 'grpc-status': String(code), 'grpc-message': percentEncoded(message.slice(0, 4096)) };
  if (details.length === 0) return trailers;
  const bytes = encodeMessage(Status, { ...status, message: message.slice(0, 4096) });
  return bytes.length > longestDetails
    ? trailers
    : { ...trailers, 'grpc-status-details-bin': bytes.toString('base64') };
}

const longestDetails = 48 * 1024;

/** The error that headers tell of; undefined for success. */
export function errorOfTrailers(headers: Readonly<Record<string, unknown>>): GrpcError | undefined {
  const code = Number(headers['grpc-status'] ?? StatusCode.unknown);
  if (code === StatusCode.ok) return undefined;
  const text = headers['grpc-message'];
  const message = typeof text === 'string' ? percentDecoded(text) : `the call ended with status ${code}`;
  const details = headers['grpc-status-details-bin'];
  if (typeof details !== 'string') return new GrpcError(code, message);
  const status = decodeMessage(Status, Buffer.from(details, 'base64'));
  return new GrpcError(code, status.message || message, status.details);
}

/** Everything but printable ASCII, and `%`. */
function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** What is no escape stays as it is. */
function percentDecoded(text: string): string {
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const escape = /^%([0-9a-fA-F]{2})/.exec(text.slice(index, index + 3))?.[1];
    bytes.push(escape === undefined ? text.charCodeAt(index) : Number.parseInt(escape, 16));
    if (escape !== undefined) index += 2;
  }
  return Buffer.from(bytes).toString();
}
