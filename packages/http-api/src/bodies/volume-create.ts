import type { VolumeCreateOptions } from '@gantry/api-types';
import { type Decoder, emptyObject, map, struct, text } from '../wire/decoder.ts';

/** Body of `POST /volumes/create`. */
export const volumeCreateBody: Decoder<VolumeCreateOptions> = struct({
  Name: text,
  Driver: text,
  DriverOpts: map(text),
  Labels: map(text),
  ClusterVolumeSpec: emptyObject,
});
