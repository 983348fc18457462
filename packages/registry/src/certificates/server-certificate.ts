import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server as HttpsServer } from 'node:https';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { CertificateError } from './errors.ts';
import type { TlsSettings } from './tls-settings.ts';

const warnBeforeMs = 14 * 86_400_000;
const lookAgainMs = 60_000;

type Renewable = Pick<HttpsServer, 'setSecureContext'>;

export interface ServerCertificateOptions {
  settings: TlsSettings;
  clock: Clock;
  logger: Logger;
}

/**
 * The registry's certificate. Once it serves, the files are looked at every minute (and at `reload`): a renewed certificate is
 * taken for new connections, those that are open go on. One that cannot be used is logged, and the old one stays.
 */
export class ServerCertificate implements Disposable {
  readonly #options: ServerCertificateOptions;
  #current: SecureContextOptions;
  #server: Renewable | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Throws `CertificateError` for what cannot be read, does not belong together, or is past its end. */
  constructor(options: ServerCertificateOptions) {
    this.#options = options;
    this.#current = this.#read();
  }

  /** For `https.createServer`. */
  get tlsOptions(): TlsOptions {
    const mustShowOwn = this.#options.settings.clientAuthorityFile !== undefined;
    return {
      ...this.#current,
      minVersion: 'TLSv1.2',
      requestCert: mustShowOwn,
      rejectUnauthorized: mustShowOwn,
    };
  }

  /** Keeps the server's certificate up to date. */
  serve(server: Renewable): void {
    this.#server = server;
    this.#timer = setInterval(() => this.reload(), lookAgainMs).unref();
  }

  reload(): void {
    const { logger, settings } = this.#options;
    try {
      const fresh = this.#read();
      if (
        fresh.cert === this.#current.cert &&
        fresh.key === this.#current.key &&
        fresh.ca === this.#current.ca
      ) {
        return;
      }
      this.#current = fresh;
      this.#server?.setSecureContext({ ...fresh, minVersion: 'TLSv1.2' });
      logger.info('the certificate was read again', { path: settings.certificateFile });
    } catch (error) {
      logger.error('the certificate cannot be read again; the old one stays', {
        reason: errorMessage(error),
      });
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #read(): SecureContextOptions {
    const { certificateFile, keyFile, clientAuthorityFile } = this.#options.settings;
    const cert = readText(certificateFile);
    const key = readText(keyFile);
    this.#check(parseCertificate(certificateFile, cert), key);
    if (clientAuthorityFile === undefined) return { cert, key };
    const ca = readText(clientAuthorityFile);
    parseCertificate(clientAuthorityFile, ca);
    return { cert, key, ca };
  }

  #check(certificate: X509Certificate, key: string): void {
    const { settings, clock, logger } = this.#options;
    const { certificateFile, keyFile } = settings;
    if (!belongsTogether(certificate, keyFile, key)) {
      throw new CertificateError(keyFile, `is not the key of ${certificateFile}`);
    }
    const nowMs = clock.now().getTime();
    if (certificate.validToDate.getTime() <= nowMs) {
      throw new CertificateError(
        certificateFile,
        `ended at ${certificate.validToDate.toISOString()}: renew it`,
      );
    }
    if (certificate.validFromDate.getTime() > nowMs) {
      throw new CertificateError(
        certificateFile,
        `is valid from ${certificate.validFromDate.toISOString()} on; is this machine's clock right?`,
      );
    }
    if (certificate.validToDate.getTime() - nowMs < warnBeforeMs) {
      logger.warn('the certificate ends soon', { path: certificateFile, validTo: certificate.validTo });
    }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CertificateError(file, errorMessage(error), error);
  }
}

function parseCertificate(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new CertificateError(file, 'is not a certificate in PEM', error);
  }
}

function belongsTogether(certificate: X509Certificate, keyFile: string, pem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem));
  } catch (error) {
    throw new CertificateError(keyFile, 'is not a private key in PEM without a passphrase', error);
  }
}
