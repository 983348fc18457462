import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { type Clock, faultPoint } from '@gantry/base';
import { changeAlone, writeWhole } from '../settings/write-whole.ts';
import { makeAuthority, makeKey, makeServerCertificate } from './certificate-document.ts';
import { AuthorityExistsError, AuthorityMissingError, CertificateError } from './errors.ts';

/** Files that a client or server is given. */
export interface IssuedCertificate {
  certificateFile: string;
  keyFile: string;
  names: readonly string[];
  validTo: Date;
}

export interface AuthorityInfo {
  certificateFile: string;
  /** PEM, for `certs.d/<registry>/ca.crt`. */
  certificate: string;
  subject: string;
  /** sha256, as `openssl x509 -fingerprint` prints it. */
  fingerprint: string;
  validTo: Date;
}

export interface IssueRequest {
  /** Names and addresses that clients reach the registry by; the first names the files. */
  names: readonly string[];
  /** Where `<name>.crt` and `<name>.key` go; beside the authority when missing. */
  directory?: string;
  days?: number;
}

const authorityDays = 3650;
/** Clients refuse server certificates that last longer (825 days on Apple's). */
const maxServerDays = 825;
const dayMs = 86_400_000;
const backdatedMs = 3_600_000;
const hostName = /^(?:\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/**
 * A small certificate authority of one directory: `ca.crt` and `ca.key` (0600). It signs certificates for registries; whoever
 * trusts `ca.crt` trusts them. Keys are of the curve P-256.
 */
export class CertificateAuthority {
  readonly #directory: string;
  readonly #clock: Clock;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Makes the authority; lasts ten years. Throws `AuthorityExistsError`, `CertificateError`. */
  create(name: string): AuthorityInfo {
    if (!/^[\w .@-]{1,64}$/.test(name)) {
      throw new CertificateError(this.#directory, `"${name}" cannot be the name of an authority`);
    }
    const made = makeAuthority({ commonName: name, ...this.#validity(authorityDays) });
    changeAlone(this.#path('ca.key'), () => {
      if (existsSync(this.#path('ca.crt'))) throw new AuthorityExistsError(this.#directory);
      // A key without a certificate, where the process ended here, has signed nothing.
      writeWhole(this.#path('ca.key'), made.key, 0o600);
      faultPoint('authority/key-written');
      writeWhole(this.#path('ca.crt'), made.certificate, 0o644);
    });
    return this.info();
  }

  /** Throws `AuthorityMissingError`. */
  info(): AuthorityInfo {
    const { certificate } = this.#read();
    const parsed = new X509Certificate(certificate);
    return {
      certificateFile: this.#path('ca.crt'),
      certificate,
      subject: parsed.subject.replace(/^CN=/, ''),
      fingerprint: createHash('sha256')
        .update(parsed.raw)
        .digest('hex')
        .toUpperCase()
        .replaceAll(/..(?=.)/g, '$&:'),
      validTo: parsed.validToDate,
    };
  }

  /**
   * Signs a certificate for a registry; that of an earlier one is replaced, which is how to renew it, and its key stays, so that
   * at no moment the two do not belong together. Throws
   * `AuthorityMissingError`, `CertificateError` for names that cannot be in a certificate.
   */
  issue({ names, directory = this.#directory, days = maxServerDays }: IssueRequest): IssuedCertificate {
    checkRequest({ names, directory, days });
    const [first = ''] = names;
    const authority = this.#read();
    const validity = this.#validity(days);
    const base = path.join(directory, first.replaceAll(/[*:]/g, '_'));
    changeAlone(`${base}.key`, () => {
      const key = readKey(`${base}.key`) ?? makeKey();
      const made = makeServerCertificate(
        { commonName: first.slice(0, 64), ...validity },
        { names, authority, key },
      );
      writeWhole(`${base}.key`, made.key, 0o600);
      faultPoint('certificate/key-written');
      writeWhole(`${base}.crt`, made.certificate, 0o644);
    });
    return { certificateFile: `${base}.crt`, keyFile: `${base}.key`, names, validTo: validity.notAfter };
  }

  #read(): { certificate: string; key: string } {
    try {
      return {
        certificate: readFileSync(this.#path('ca.crt'), 'utf8'),
        key: readFileSync(this.#path('ca.key'), 'utf8'),
      };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        throw new AuthorityMissingError(this.#directory);
      }
      throw new CertificateError(this.#directory, 'its authority cannot be read', error);
    }
  }

  /** Begins an hour ago: clocks differ. */
  #validity(days: number): { notBefore: Date; notAfter: Date } {
    const nowMs = this.#clock.now().getTime();
    return { notBefore: new Date(nowMs - backdatedMs), notAfter: new Date(nowMs + days * dayMs) };
  }

  #path(name: string): string {
    return path.join(this.#directory, name);
  }
}

/** Throws `CertificateError`. */
function checkRequest({ names, directory, days }: Required<IssueRequest>): void {
  const wrong = names.find((name) => isIP(name) === 0 && (name.length > 253 || !hostName.test(name)));
  if (names.length === 0)
    throw new CertificateError(directory, 'a certificate needs a host name or an address');
  if (wrong !== undefined) {
    throw new CertificateError(
      directory,
      `"${wrong}" is neither a host name nor an address (leave the port out)`,
    );
  }
  if (!Number.isInteger(days) || days < 1 || days > maxServerDays) {
    throw new CertificateError(directory, `a certificate lasts from 1 to ${maxServerDays} days, not ${days}`);
  }
}

/** The key of an earlier certificate; undefined when there is none that can be used. */
function readKey(file: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(readFileSync(file));
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}
