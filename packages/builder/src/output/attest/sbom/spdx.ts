import { createHash } from 'node:crypto';
import type { Attestation } from '@gantry/images';
import type { FoundPackages } from './find-packages.ts';
import type { InstalledPackage } from './package.ts';

export interface SpdxRequest {
  /** What the document is about, for people. */
  readonly name: string;
  /** Of the document. */
  readonly createdAt: Date;
  readonly found: FoundPackages;
}

const rootId = 'SPDXRef-DocumentRoot';

/** The packages of an image as an SPDX 2.3 document (spdx.github.io/spdx-spec/v2.3): equal packages at equal times give equal bytes. */
export function spdxDocument({ name, createdAt, found: { packages, unread } }: SpdxRequest): Attestation {
  const listed = packages.map(spdxPackage);
  const created = `${createdAt.toISOString().slice(0, 19)}Z`;
  const identity = createHash('sha256')
    .update(JSON.stringify([name, created, listed]))
    .digest('hex');
  return {
    predicateType: 'https://spdx.dev/Document',
    predicate: {
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name,
      documentNamespace: `https://spdx.org/spdxdocs/gantry-${identity}`,
      creationInfo: { created, creators: ['Tool: gantry'] },
      ...(unread.length > 0 && { comment: `not read: ${unread.join(', ')}` }),
      packages: [root(name), ...listed],
      relationships: [
        relationship('SPDXRef-DOCUMENT', 'DESCRIBES', rootId),
        ...listed.map(({ SPDXID }) => relationship(rootId, 'CONTAINS', SPDXID)),
      ],
    },
  };
}

const nothingSaid = {
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
};

function root(name: string) {
  return { SPDXID: rootId, name, ...nothingSaid, primaryPackagePurpose: 'CONTAINER' };
}

function spdxPackage({ name, version, url, foundIn, license }: InstalledPackage) {
  return {
    SPDXID: `SPDXRef-Package-${createHash('sha256').update(url).digest('hex').slice(0, 16)}`,
    name,
    versionInfo: version,
    ...nothingSaid,
    // What makers write is seldom one of SPDX's own expressions.
    ...(license !== '' && { licenseComments: license }),
    sourceInfo: `found in ${foundIn}`,
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: url }],
  };
}

function relationship(from: string, relationshipType: string, to: string) {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}
