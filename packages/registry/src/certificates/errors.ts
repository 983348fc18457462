import { EngineError } from '@gantry/base';

/** A certificate or key that cannot be used as asked. */
export class CertificateError extends EngineError {
  override readonly name = 'CertificateError';
  constructor(file: string, problem: string, cause?: unknown) {
    super('invalid', 'registry-certificate', `${file}: ${problem}`, { details: { file }, cause });
  }
}

/** A second authority would make what the first has signed worthless. */
export class AuthorityExistsError extends EngineError {
  override readonly name = 'AuthorityExistsError';
  constructor(directory: string) {
    super('conflict', 'certificate-authority-exists', `${directory} has a certificate authority already`, {
      details: { directory },
    });
  }
}

/** Nothing to sign with. */
export class AuthorityMissingError extends EngineError {
  override readonly name = 'AuthorityMissingError';
  constructor(directory: string) {
    super(
      'not-found',
      'certificate-authority-missing',
      `${directory} has no certificate authority; "gantry registry ca create" makes one`,
      { details: { directory } },
    );
  }
}
