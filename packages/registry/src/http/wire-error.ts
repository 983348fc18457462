import { EngineError, errorKind, errorMessage } from '@gantry/base';
import { TooManySignInsError, UnauthorizedError } from '../access/errors.ts';
import { UploadRangeError } from '../storage/errors.ts';
import { NothingThereError, RangeNotSatisfiableError } from './errors.ts';

/** An error as the distribution spec has it on the wire ("Error Codes"). */
export interface WireError {
  status: number;
  code: string;
  message: string;
  headers: Readonly<Record<string, string>>;
}

/** By the code of ours. What has no code of the spec's gets `UNKNOWN`, as Docker's registry has it. */
const answers: Readonly<Record<string, readonly [status: number, code: string]>> = {
  'invalid-repository-name': [400, 'NAME_INVALID'],
  'invalid-tag': [400, 'TAG_INVALID'],
  'invalid-digest': [400, 'DIGEST_INVALID'],
  'blob-mismatch': [400, 'DIGEST_INVALID'],
  'blob-not-found': [404, 'BLOB_UNKNOWN'],
  'blob-too-large': [413, 'SIZE_INVALID'],
  'blob-storage-full': [507, 'UNKNOWN'],
  'store-full': [507, 'UNKNOWN'],
  'invalid-document': [400, 'MANIFEST_INVALID'],
  'document-too-large': [413, 'MANIFEST_INVALID'],
  'manifest-too-large': [413, 'MANIFEST_INVALID'],
  'too-many-layers': [400, 'MANIFEST_INVALID'],
  'manifest-type': [400, 'MANIFEST_INVALID'],
  'manifest-reference-size': [400, 'MANIFEST_INVALID'],
  'manifest-reference-unknown': [404, 'MANIFEST_BLOB_UNKNOWN'],
  'repository-blob-in-use': [405, 'DENIED'],
  'repository-manifest-in-use': [405, 'DENIED'],
  'upload-unknown': [404, 'BLOB_UPLOAD_UNKNOWN'],
  'upload-range': [416, 'BLOB_UPLOAD_INVALID'],
  'upload-taken-over': [409, 'BLOB_UPLOAD_INVALID'],
  'too-many-uploads': [429, 'TOOMANYREQUESTS'],
  'too-many-sign-ins': [429, 'TOOMANYREQUESTS'],
  'unsupported-request': [405, 'UNSUPPORTED'],
  'range-not-satisfiable': [416, 'UNSUPPORTED'],
  'no-such-endpoint': [404, 'UNSUPPORTED'],
};

const unknownCodes: Readonly<Record<NothingThereError['what'], string>> = {
  repository: 'NAME_UNKNOWN',
  manifest: 'MANIFEST_UNKNOWN',
  tag: 'MANIFEST_UNKNOWN',
  blob: 'BLOB_UNKNOWN',
};

const byKind: Readonly<Partial<Record<string, readonly [status: number, code: string]>>> = {
  invalid: [400, 'UNSUPPORTED'],
  unauthorized: [401, 'UNAUTHORIZED'],
  forbidden: [403, 'DENIED'],
  conflict: [409, 'DENIED'],
  'not-found': [404, 'UNKNOWN'],
  'not-implemented': [405, 'UNSUPPORTED'],
  exhausted: [507, 'UNKNOWN'],
  unavailable: [503, 'UNKNOWN'],
};

/** What anything thrown is answered with. Of what is not thrown on purpose the client is told nothing but that. */
export function wireError(error: unknown): WireError {
  const headers = headersOf(error);
  if (error instanceof NothingThereError) {
    return { status: 404, code: unknownCodes[error.what], message: error.message, headers };
  }
  if (!(error instanceof EngineError)) {
    return {
      status: 500,
      code: 'UNKNOWN',
      message: 'internal error; the log of the registry has it',
      headers,
    };
  }
  const [status, code] = answers[error.code] ?? byKind[errorKind(error)] ?? [500, 'UNKNOWN'];
  return { status, code, message: errorMessage(error), headers };
}

function headersOf(error: unknown): Record<string, string> {
  if (error instanceof UnauthorizedError) return { 'WWW-Authenticate': error.challenge };
  if (error instanceof TooManySignInsError) {
    return { 'Retry-After': String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))) };
  }
  if (error instanceof UploadRangeError) return { Range: uploadRange(error.sizeBytes) };
  if (error instanceof RangeNotSatisfiableError) return { 'Content-Range': `bytes */${error.sizeBytes}` };
  return {};
}

/** `0-99` of 100 bytes that are there; Docker's registry and the spec's clients take `0-0` for none. */
export function uploadRange(sizeBytes: number): string {
  return `0-${Math.max(0, sizeBytes - 1)}`;
}
