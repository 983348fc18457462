import type { RegistryAuth } from '../backends/image-backend.ts';
import { type Decoder, struct, text } from '../wire/decoder.ts';

/** Body of `POST /auth`. Old clients send an address of mail, which nobody asks for any more. */
export const signInBody: Decoder<RegistryAuth & { email?: string | undefined }> = struct({
  username: text,
  password: text,
  email: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text,
});
