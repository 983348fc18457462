import type { Clock } from '@gantry/base';
import { type Descriptor, JsonReader, parseJsonObject, parseManifest } from '@gantry/oci';
import { checkChain, checkTime, revocable, subjectOf } from '../certificates/certificate-chain.ts';
import { faultText, ImageNotVerifiedError, SignatureFault } from '../errors.ts';
import { envelopeBytes, maxSignatures, type SignedImage } from '../signed-image.ts';
import { coseEnvelope, coseType } from './cose-envelope.ts';
import { includesName, subjectName } from './distinguished-name.ts';
import type { NotationEnvelope } from './envelope.ts';
import { jwsEnvelope, jwsType } from './jws-envelope.ts';
import { type Check, type NotationTrust, statementFor, type TrustStatement } from './notation-trust.ts';

export const notationArtifactType = 'application/vnd.cncf.notary.signature';

const readers: Readonly<Record<string, (bytes: Uint8Array) => NotationEnvelope>> = {
  [jwsType]: jwsEnvelope,
  [coseType]: coseEnvelope,
};

/**
 * Verifies a signature of the Notary Project (notation's) that refers to the image, by a trust policy. Revocation is asked nowhere, nor
 * are timestamps: what needs them fails where the policy enforces that. Resolves with the signer; throws `ImageNotVerifiedError`, and
 * what asking the repository throws.
 */
export async function verifyNotation(
  image: SignedImage,
  trust: NotationTrust,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<string> {
  const subject = `${image.name}@${image.target.digest}`;
  const statement = statementFor(trust, image.name);
  if (statement === undefined)
    throw new ImageNotVerifiedError(subject, ['no statement of the trust policy is about it']);
  const referrers = await image.repository.referrers(image.target.digest, {
    artifactType: notationArtifactType,
    signal,
  });
  const faults = new Set<string>();
  for (const referrer of referrers.slice(0, maxSignatures)) {
    try {
      const envelope = await fetchEnvelope(image, referrer, signal);
      checkPayload(envelope, image);
      checkChain(envelope);
      checkTrust(envelope, statement);
      const logged = checkTimes(envelope, statement, clock.now());
      return [`certificate ${subjectOf(envelope.certificates[0])}`, ...logged].join('; not enforced: ');
    } catch (error) {
      faults.add(faultText(error));
    }
  }
  throw new ImageNotVerifiedError(
    subject,
    faults.size === 0 ? ['it has no notation signature'] : [...faults],
  );
}

async function fetchEnvelope(
  { repository }: SignedImage,
  referrer: Descriptor,
  signal: AbortSignal,
): Promise<NotationEnvelope> {
  const { bytes, mediaType } = await repository.manifest(referrer.digest, { signal });
  const { layers } = parseManifest(bytes, mediaType);
  const [envelope] = layers;
  const read = envelope === undefined ? undefined : readers[envelope.mediaType];
  if (envelope === undefined || read === undefined || layers.length !== 1) {
    throw new SignatureFault('its signature is not one envelope of JWS or COSE');
  }
  return read(await envelopeBytes(repository, envelope, signal));
}

/** The document names the image whole: type, digest and size. */
function checkPayload({ payload }: NotationEnvelope, { target }: SignedImage): void {
  const reader = new JsonReader('notation payload');
  const { targetArtifact } = parseJsonObject(payload, 'notation payload');
  const { digest, size, mediaType } = reader.object(targetArtifact, 'targetArtifact');
  if (digest !== target.digest || size !== target.size || mediaType !== target.mediaType) {
    throw new SignatureFault(`its signature is one of ${String(digest)}`);
  }
}

function checkTrust({ certificates, scheme }: NotationEnvelope, statement: TrustStatement): void {
  const trusted = statement.certificates[scheme === 'notary.x509' ? 'ca' : 'signingAuthority'];
  const [leaf] = certificates;
  if (!certificates.some((certificate) => trusted.some(({ raw }) => raw.equals(certificate.raw)))) {
    throw new SignatureFault(`its certificate ${subjectOf(leaf)} is not from the trust store`);
  }
  if (statement.identities === undefined) return;
  const name = subjectName(leaf.subject);
  if (name === undefined || !statement.identities.some((identity) => includesName(name, identity))) {
    throw new SignatureFault(`its certificate ${subjectOf(leaf)} is of no trusted identity`);
  }
}

/** What fails and is not enforced is returned. */
function checkTimes(envelope: NotationEnvelope, { actions }: TrustStatement, now: Date): string[] {
  const { certificates, expiry } = envelope;
  const checks: Readonly<Record<Check, () => void>> = {
    authenticTimestamp: () => {
      // A signing authority vouches for the time; its certificates were good then.
      if (envelope.scheme !== 'notary.x509') return;
      for (const certificate of certificates) checkTime(certificate, now, '(timestamps are not looked at)');
    },
    expiry: () => {
      if (expiry !== undefined && now >= expiry)
        throw new SignatureFault(`its signature ended at ${expiry.toISOString()}`);
    },
    revocation: () => {
      const [certificate] = revocable(certificates);
      if (certificate === undefined) return;
      throw new SignatureFault(
        `whether its certificate ${subjectOf(certificate)} was revoked is not asked: override "revocation" by "skip" to do without`,
      );
    },
  };
  const logged: string[] = [];
  for (const [check, run] of Object.entries(checks) as [Check, () => void][]) {
    if (actions[check] === 'skip') continue;
    try {
      run();
    } catch (error) {
      if (actions[check] === 'enforce' || !(error instanceof SignatureFault)) throw error;
      logged.push(error.message);
    }
  }
  return logged;
}
