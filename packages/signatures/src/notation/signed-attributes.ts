import { X509Certificate } from 'node:crypto';
import { errorMessage } from '@gantry/base';
import { SignatureFault } from '../errors.ts';
import { attributes, type NotationEnvelope, payloadType } from './envelope.ts';

/** The signed attributes as either envelope has them, read. */
export interface SignedAttributes {
  contentType: unknown;
  critical: readonly unknown[];
  /** What is there beside algorithm, content type and the list of critical ones. */
  values: ReadonlyMap<string, unknown>;
  /** Of a value that is a time. Throws for one that is none. */
  time: (value: unknown) => Date;
}

const maxCertificates = 10;

/** The attributes' meaning, checked as the Notary Project's signature specification says. Throws `SignatureFault`. */
export function readAttributes({
  contentType,
  critical,
  values,
  time,
}: SignedAttributes): Pick<NotationEnvelope, 'scheme' | 'signingTime' | 'expiry'> {
  if (contentType !== payloadType) throw new SignatureFault(`its signature is over a ${String(contentType)}`);
  const known: readonly unknown[] = Object.values(attributes);
  const strange = critical.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new SignatureFault(
      `its signature has the critical attribute ${JSON.stringify(strange)}, which is not built`,
    );
  }
  const scheme = values.get(attributes.scheme);
  if (scheme !== 'notary.x509' && scheme !== 'notary.x509.signingAuthority') {
    throw new SignatureFault(`its signature is of the scheme ${String(scheme)}, which is not known`);
  }
  const needed: string[] = [attributes.scheme];
  if (scheme !== 'notary.x509') needed.push(attributes.authenticSigningTime);
  if (values.has(attributes.expiry)) needed.push(attributes.expiry);
  const unmarked = needed.find((name) => !critical.includes(name));
  if (unmarked !== undefined) throw new SignatureFault(`its signature does not mark ${unmarked} as critical`);
  const timeName = scheme === 'notary.x509' ? attributes.signingTime : attributes.authenticSigningTime;
  const signingTime = time(values.get(timeName));
  const expiry = values.has(attributes.expiry) ? time(values.get(attributes.expiry)) : undefined;
  if (expiry !== undefined && expiry <= signingTime)
    throw new SignatureFault('its signature ends before it begins');
  return { scheme, signingTime, expiry };
}

/** A chain as an envelope carries it, each certificate in DER. Throws `SignatureFault`. */
export function readCertificates(chain: readonly Uint8Array[]): NotationEnvelope['certificates'] {
  if (chain.length > maxCertificates)
    throw new SignatureFault(`its signature has more than ${maxCertificates} certificates`);
  try {
    const [first, ...rest] = chain.map((der) => new X509Certificate(der));
    // What a certificate has for a key is looked at when it is asked for only.
    for (const certificate of [first, ...rest]) void certificate?.publicKey;
    if (first !== undefined) return [first, ...rest];
  } catch (error) {
    throw new SignatureFault(`its signature has a certificate that cannot be read: ${errorMessage(error)}`);
  }
  throw new SignatureFault('its signature has no certificate');
}
