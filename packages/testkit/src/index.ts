export { type TarMember, type TarMemberType, tarArchive } from './archives/tar-archive.ts';
export {
  type ImageFormat,
  makeTestImage,
  type TestImage,
  type TestImageOptions,
  type TestImageSource,
} from './archives/test-image.ts';
export { LeakCheck, type LeakCheckOptions, LeakError } from './leaks/leak-check.ts';
export { makeRootfs } from './rootfs.ts';
export { runUntilKilled } from './run-until-killed.ts';
export { type TemporaryRoot, temporaryRoot } from './temporary-root.ts';
export {
  type SignerOptions,
  TestAuthority,
  type TestCertificate,
  type TestSigner,
} from './test-certificates.ts';
