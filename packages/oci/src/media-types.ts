import { UnsupportedMediaTypeError } from './errors.ts';

/** Media types of the OCI image spec 1.1 (media-types.md) and of Docker's image manifest version 2, schema 2. */
export const mediaTypes: Readonly<Record<MediaTypeName, string>> = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
};

export type MediaTypeName =
  | 'manifest'
  | 'index'
  | 'config'
  | 'layer'
  | 'layerGzip'
  | 'layerZstd'
  | 'dockerManifest'
  | 'dockerIndex'
  | 'dockerConfig'
  | 'dockerLayer'
  | 'dockerLayerGzip'
  | 'dockerLayerZstd';

/** How a layer's tar is packed in its blob. */
export type LayerCompression = 'none' | 'gzip' | 'zstd';

const layerGrammar =
  /^application\/vnd\.(?:oci\.image\.layer\.(?<foreignOci>nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(?<foreignDocker>foreign\.)?diff\.tar)(?:[.+](?<packing>gzip|zstd))?$/;

export function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.manifest || mediaType === mediaTypes.dockerManifest;
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.index || mediaType === mediaTypes.dockerIndex;
}

/** False for the config of an artifact that is no container image (Helm charts, attestations, signatures). */
export function isImageConfigType(mediaType: string): boolean {
  return mediaType === mediaTypes.config || mediaType === mediaTypes.dockerConfig;
}

export function isLayerType(mediaType: string): boolean {
  return layerGrammar.test(mediaType);
}

/** True for layers that registries may not hand out themselves (`foreign`, `nondistributable`). */
export function isForeignLayerType(mediaType: string): boolean {
  const groups = layerGrammar.exec(mediaType)?.groups;
  return groups?.['foreignOci'] !== undefined || groups?.['foreignDocker'] !== undefined;
}

/** Throws `UnsupportedMediaTypeError` for what is no layer, or packed in a way that is not known. */
export function layerCompression(mediaType: string): LayerCompression {
  const match = layerGrammar.exec(mediaType);
  if (match === null) throw new UnsupportedMediaTypeError(mediaType, 'layer');
  const packing = match.groups?.['packing'];
  return packing === 'gzip' || packing === 'zstd' ? packing : 'none';
}

/** Whose media types a document uses: the OCI image spec's, or Docker's schema 2. */
export type MediaTypeFamily = 'oci' | 'docker';

/** The media type of a layer packed so. */
export function layerMediaType(compression: LayerCompression, family: MediaTypeFamily = 'oci'): string {
  const names = {
    oci: { none: 'layer', gzip: 'layerGzip', zstd: 'layerZstd' },
    docker: { none: 'dockerLayer', gzip: 'dockerLayerGzip', zstd: 'dockerLayerZstd' },
  } as const;
  return mediaTypes[names[family][compression]];
}
