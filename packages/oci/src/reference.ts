import { type Digest, isDigest } from './digest.ts';
import { InvalidReferenceError } from './errors.ts';

/**
 * A name of an image as Docker understands it (grammar and defaults of the distribution project's `reference`):
 * `[domain/]path[:tag][@digest]`. What a user leaves out is filled in: `debian` is `docker.io/library/debian`.
 */
export interface Reference {
  /** `docker.io`, `localhost:5000`, `[::1]:80`. */
  readonly domain: string;
  /** `library/debian`: without the domain. */
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const defaultDomain = 'docker.io';
const legacyDomain = 'index.docker.io';
const officialPrefix = 'library/';
const mirrorPrefix = 'mirror/';
const defaultTag = 'latest';

/** Length limit of a name without domain. */
const maxPathLength = 255;

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const tagText = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const domainGrammar = new RegExp(`^${domain}$`);
const pathGrammar = new RegExp(`^${component}(?:/${component})*$`);
const tagGrammar = new RegExp(`^${tagText}$`);
const digestGrammar = /^([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*):([0-9a-fA-F]{32,})$/;
const identifierGrammar = /^[a-f0-9]{64}$/;

/**
 * Parses what a user types, filling in domain and `library/`; a missing tag stays missing (see `withDefaultTag`).
 * Throws `InvalidReferenceError` with Docker's words.
 */
export function parseReference(text: string): Reference {
  if (identifierGrammar.test(text)) {
    throw new InvalidReferenceError(
      text,
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const { name, tag, digest } = splitSuffixes(text);
  const { domain, path } = splitDomain(name);
  if (path !== path.toLowerCase()) {
    throw new InvalidReferenceError(
      text,
      `invalid reference format: repository name (${path}) must be lowercase`,
    );
  }
  if (!domainGrammar.test(domain) || !pathGrammar.test(path)) throw malformed(text);
  if (tag !== undefined && !tagGrammar.test(tag)) throw malformed(text);
  if (path.length > maxPathLength) {
    throw new InvalidReferenceError(
      text,
      `repository name must not be more than ${maxPathLength} characters`,
    );
  }
  return { domain, path, tag, digest: digest === undefined ? undefined : checkDigest(text, digest) };
}

/** `parseReference`, and the tag `latest` where neither tag nor digest is given. */
export function parseReferenceWithTag(text: string): Reference {
  return withDefaultTag(parseReference(text));
}

export function withDefaultTag(reference: Reference): Reference {
  const isComplete = reference.tag !== undefined || reference.digest !== undefined;
  return isComplete ? reference : { ...reference, tag: defaultTag };
}

/** Throws `InvalidReferenceError` unless `tag` is one. */
export function withTag(reference: Reference, tag: string): Reference {
  if (!tagGrammar.test(tag)) throw new InvalidReferenceError(tag, 'invalid tag format');
  return { ...reference, tag };
}

/** Whether it names a repository within a registry: `library/debian`. */
export function isRepositoryPath(text: string): boolean {
  return text.length <= maxPathLength && pathGrammar.test(text);
}

export function isTag(text: string): boolean {
  return tagGrammar.test(text);
}

/** `docker.io/library/debian`: what a registry is asked for, and what names are stored as. */
export function canonicalName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The canonical name with tag and digest. */
export function canonicalString(reference: Reference): string {
  return canonicalName(reference) + suffix(reference);
}

/** The name as Docker shows it: `debian`, `user/image`, `localhost:5000/x`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== defaultDomain) return canonicalName(reference);
  const { path } = reference;
  const isOfficial = path.startsWith(officialPrefix) && !path.slice(officialPrefix.length).includes('/');
  return isOfficial ? path.slice(officialPrefix.length) : path;
}

/** The familiar name with tag and digest. */
export function familiarString(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

/** True for the namespace of images that are made on this host: `mirror/debian`, which arrives as `docker.io/mirror/debian`. */
export function isMirror(reference: Pick<Reference, 'domain' | 'path'>): boolean {
  return reference.domain === defaultDomain && reference.path.startsWith(mirrorPrefix);
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function splitSuffixes(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const tagged = at === -1 ? text : text.slice(0, at);
  const colon = tagged.lastIndexOf(':');
  // A colon before the last slash is a port's.
  if (colon <= tagged.lastIndexOf('/')) return { name: tagged, tag: undefined, digest };
  return { name: tagged.slice(0, colon), tag: tagged.slice(colon + 1), digest };
}

/** The first component is a domain when it looks like one: a dot, a port, an upper-case letter, or `localhost`. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = isDomain ? first : defaultDomain;
  const path = isDomain ? name.slice(slash + 1) : name;
  if (domain !== defaultDomain && domain !== legacyDomain) return { domain, path };
  return { domain: defaultDomain, path: path.includes('/') ? path : officialPrefix + path };
}

function checkDigest(text: string, digest: string): Digest {
  if (isDigest(digest)) return digest;
  const match = digestGrammar.exec(digest);
  if (match === null) throw malformed(text);
  const [, algorithm, hex = ''] = match;
  if (algorithm !== 'sha256') throw new InvalidReferenceError(text, 'unsupported digest algorithm');
  const what = hex.length === 64 ? 'format' : 'length';
  throw new InvalidReferenceError(text, `invalid checksum digest ${what}`);
}

function malformed(text: string): InvalidReferenceError {
  return new InvalidReferenceError(text, 'invalid reference format');
}
