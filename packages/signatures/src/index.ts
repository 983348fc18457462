export { ImageNotVerifiedError, SignaturePolicyError } from './errors.ts';
export { PolicyVerifier, type PolicyVerifierOptions, type VerifyOptions } from './policy/policy-verifier.ts';
export { readSignaturePolicy, type SignaturePolicy } from './policy/signature-policy.ts';
export type { SignedImage } from './signed-image.ts';
