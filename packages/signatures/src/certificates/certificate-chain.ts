import type { X509Certificate } from 'node:crypto';
import { SignatureFault } from '../errors.ts';
import { certificateExtensions } from './certificate-extensions.ts';

/** The extended key usage of who signs code (RFC 5280, 4.2.1.12). */
export const codeSigning = '1.3.6.1.5.5.7.3.3';

const otherUsages: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

/**
 * Checks that a chain is one for signing code, whole from the signer to a root, and was good when it signed (Notary Project,
 * "Certificate requirements"). Whether anybody trusts it is not asked. Throws `SignatureFault`.
 */
export function checkChain({
  certificates,
  signingTime,
}: {
  /** The signer's first, then each by the next one. */
  certificates: readonly [X509Certificate, ...X509Certificate[]];
  signingTime: Date;
}): void {
  const [leaf, ...authorities] = certificates;
  for (const certificate of certificates) checkTime(certificate, signingTime, 'when it signed');
  checkLeaf(leaf);
  const root = certificates.at(-1) ?? leaf;
  if (!isIssuedBy(root, root))
    throw new SignatureFault(`its certificates do not end with a root: ${subjectOf(root)}`);
  certificates.slice(0, -1).forEach((certificate, at) => {
    const issuer = authorities[at];
    if (issuer === undefined || !isIssuedBy(certificate, issuer)) {
      throw new SignatureFault(
        `its certificate ${subjectOf(certificate)} is not by the next one in its chain`,
      );
    }
    const { maxDepth = Number.POSITIVE_INFINITY } = certificateExtensions(issuer);
    if (!issuer.ca || at > maxDepth) {
      throw new SignatureFault(
        `its certificate ${subjectOf(issuer)} may not issue ${subjectOf(certificate)}`,
      );
    }
  });
}

/** Throws `SignatureFault` for a certificate that is not good at a time; `what` says which time that is. */
export function checkTime(certificate: X509Certificate, time: Date, what: string): void {
  if (time < certificate.validFromDate) {
    throw new SignatureFault(`its certificate ${subjectOf(certificate)} was not good yet ${what}`);
  }
  if (time > certificate.validToDate) {
    throw new SignatureFault(`its certificate ${subjectOf(certificate)} has ended ${what}`);
  }
}

/** The certificates that could have been revoked since: those that say where that is told. */
export function revocable(certificates: readonly X509Certificate[]): X509Certificate[] {
  return certificates.filter(
    (certificate) =>
      certificateExtensions(certificate).hasRevocationList || /OCSP/.test(certificate.infoAccess ?? ''),
  );
}

/** In one line: `C=US, ST=WA, O=acme`. */
export function subjectOf({ subject }: X509Certificate): string {
  return subject.split('\n').join(', ');
}

function checkLeaf(leaf: X509Certificate): void {
  if (leaf.ca) throw new SignatureFault(`its certificate ${subjectOf(leaf)} is an authority's`);
  if (certificateExtensions(leaf).signsDigests !== true) {
    throw new SignatureFault(`its certificate ${subjectOf(leaf)} is not for signing (key usage)`);
  }
  // Node calls the extended key usage so.
  const other = (leaf.keyUsage ?? []).map((usage) => otherUsages[usage]).find((usage) => usage !== undefined);
  if (other !== undefined) throw new SignatureFault(`its certificate ${subjectOf(leaf)} is for ${other}`);
}

/** OpenSSL's check takes names, key identifiers and the issuer's key usage together. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  const isRoot = certificate === issuer;
  return (
    (isRoot ? certificate.subject === certificate.issuer : certificate.checkIssued(issuer)) &&
    certificate.verify(issuer.publicKey)
  );
}
