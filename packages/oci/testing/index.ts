export { type CollectedMember, collectTar } from './collect-tar.ts';
export { base256, header, metadata, pax, plainFile, withChecksum } from './tar-blocks.ts';
