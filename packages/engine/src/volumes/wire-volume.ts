import type { Volume } from '@gantry/api-types';
import type { VolumeDetails, VolumeInfo } from '@gantry/volumes';

/** With Docker's own label on a volume that was made without a name. */
export function anonymousLabels({ anonymous, labels }: VolumeInfo): Record<string, string> {
  return anonymous ? { 'com.docker.volume.anonymous': '', ...labels } : { ...labels };
}

/** A volume in the API's words. */
export function wireVolume(volume: VolumeDetails): Volume {
  const { createdAt, status } = volume;
  return {
    ...(createdAt !== '' && { CreatedAt: createdAt }),
    Driver: volume.driver,
    Labels: anonymousLabels(volume),
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: { ...volume.options },
    Scope: volume.scope,
    ...(status && { Status: status as NonNullable<Volume['Status']> }),
  };
}
