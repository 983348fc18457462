import type { ExecCreateRequest, ExecStartRequest } from '@gantry/api-types';
import { consoleSize, type Decoder, flag, list, struct, text, words } from '../wire/decoder.ts';

/** Body of `POST /containers/{id}/exec`. */
export const execCreateBody: Decoder<ExecCreateRequest> = struct({
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ConsoleSize: consoleSize,
  DetachKeys: text,
  Tty: flag,
  Env: list(text),
  Cmd: words,
  Privileged: flag,
  User: text,
  WorkingDir: text,
});

/** Body of `POST /exec/{id}/start`. */
export const execStartBody: Decoder<ExecStartRequest> = struct({
  Detach: flag,
  Tty: flag,
  ConsoleSize: consoleSize,
});
