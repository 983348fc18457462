/** Bounds of what an archive may ask of this host; those of a single document are in @gantry/oci. */
export interface ImageLimits {
  /** An archive, after decompression. */
  archiveBytes: number;
  /** One file of an archive. */
  blobBytes: number;
  /** Members of an archive, of every type. */
  archiveMembers: number;
  /** Images that an archive holds, and manifests that an index names at all depths. */
  manifests: number;
}

const gibibyte = 2 ** 30;

export const defaultLimits: ImageLimits = {
  archiveBytes: 256 * gibibyte,
  blobBytes: 64 * gibibyte,
  archiveMembers: 100_000,
  manifests: 1000,
};
