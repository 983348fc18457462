import { type ApiVersion, parseVersion } from '../server/api-version.ts';

const lastWithVirtualSize = parseVersion('1.43');

/** Up to API 1.43 an image has its size twice: clients of that age print `VirtualSize`, as `docker system df -v` does. */
export function withVirtualSize<T extends { Size?: number | undefined }>(image: T, version: ApiVersion): T {
  return version > lastWithVirtualSize ? image : { ...image, VirtualSize: image.Size };
}
