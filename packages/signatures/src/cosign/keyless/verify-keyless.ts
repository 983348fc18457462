import { X509Certificate } from 'node:crypto';
import { checkChain, codeSigning } from '../../certificates/certificate-chain.ts';
import { certifiedIdentity } from '../../certificates/certificate-extensions.ts';
import { SignatureFault } from '../../errors.ts';
import type { SignedClaim } from '../claim.ts';
import { isSignedBy } from '../cosign-key.ts';
import { checkEntry, type LogEntry, loggedAt } from './log-entry.ts';
import { isValidAt, type TrustedRoot } from './trusted-root.ts';

/** What a keyless signature brings with it. */
export interface SigningProof {
  certificate: X509Certificate;
  entry: LogEntry;
  /** What the log notes the digest of. */
  payload: Uint8Array;
}

/** Whose keyless signatures count. */
export interface KeylessTrust {
  root: TrustedRoot;
  identities: readonly { issuer: string; subject: string; matches: RegExp }[];
}

/**
 * Verifies a signature by a key that lived for minutes: a trusted log noted it while its certificate was good, a trusted authority made
 * the certificate out, and to one of the identities. Nobody is asked. Returns the identity; throws `SignatureFault`.
 */
export function verifyKeyless(claim: SignedClaim, { root, identities }: KeylessTrust): string {
  const proof = claim.proof?.();
  if (proof === undefined) throw new SignatureFault('its signature is by a key, not keyless');
  const { certificate, entry, payload } = proof;
  const time = loggedAt(entry, root.logs);
  checkEntry(entry, { payload, signature: claim.signature, certificate: certificate.toString() });
  checkAuthority(certificate, root, time);
  if (!isSignedBy({ name: 'certificate', key: certificate.publicKey }, claim.signed, claim.signature)) {
    throw new SignatureFault('its signature is not by the key of its certificate');
  }
  const { subjects, issuer = 'nobody' } = certifiedIdentity(certificate);
  const subject = subjects.find((text) =>
    identities.some((identity) => identity.issuer === issuer && identity.matches.test(text)),
  );
  if (subject === undefined) {
    throw new SignatureFault(`its signature is by ${subjects.join(', ')} (by the word of ${issuer})`);
  }
  return `${subject} (by the word of ${issuer})`;
}

/** In PEM or DER. Throws `SignatureFault`. */
export function parseCertificate(certificate: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (error) {
    throw new SignatureFault('its certificate cannot be read', { cause: error });
  }
}

/** Throws `SignatureFault` where no authority that was trusted then made the certificate out for signing code. */
function checkAuthority(certificate: X509Certificate, { authorities }: TrustedRoot, time: Date): void {
  if (!(certificate.keyUsage ?? []).includes(codeSigning)) {
    throw new SignatureFault('its certificate is not for signing code');
  }
  let fault = new SignatureFault('its certificate is by no trusted authority');
  for (const { certificates, valid } of authorities) {
    const [issuer] = certificates;
    if (!isValidAt(valid, time) || issuer === undefined || !certificate.checkIssued(issuer)) continue;
    try {
      checkChain({ certificates: [certificate, ...certificates], signingTime: time });
      return;
    } catch (error) {
      if (!(error instanceof SignatureFault)) throw error;
      fault = error;
    }
  }
  throw fault;
}
