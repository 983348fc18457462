export { CosignSigner } from './cosign-signer.ts';
export { KeylessSigner, TestLog } from './keyless-signer.ts';
export { type NotationOptions, NotationSigner } from './notation-signer.ts';
export { type SignatureLayer, SignedRepository } from './signed-registry.ts';
export { VerifyFixture } from './verify-fixture.ts';
