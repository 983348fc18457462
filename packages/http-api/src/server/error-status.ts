import { EngineError, type ErrorKind, errorKind } from '@gantry/base';

/** Docker's status of each kind of error: the only place that knows. */
const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'not-modified': 304,
  'not-implemented': 501,
  unavailable: 503,
  exhausted: 500,
  corrupt: 500,
  cancelled: 500,
  internal: 500,
};

/** What no kind tells: facts of HTTP itself, and where Docker's answer is another. */
const statusOfCode: Readonly<Record<string, number>> = {
  'body-too-large': 413,
  'body-timeout': 408,
  // Docker says so of every trouble with a registry.
  'registry-unreachable': 500,
  'registry-refused': 500,
  'registry-too-many-requests': 500,
};

/** The HTTP status of anything thrown. */
export function errorStatus(error: unknown): number {
  const byCode = error instanceof EngineError ? statusOfCode[error.code] : undefined;
  return byCode ?? statusOfKind[errorKind(error)];
}
