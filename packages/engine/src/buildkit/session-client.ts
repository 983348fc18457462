import type { AgentConnection, BuildClient, ClientOptions } from '@gantry/builder';
import {
  content,
  filesync,
  GrpcError,
  type MessageStream,
  StatusCode,
  secrets,
  sshforward,
  upload,
} from '@gantry/buildkit';
import { streamPieces } from './pieces.ts';
import { receiveDirectory } from './receive-directory.ts';
import { sendDirectory } from './send-directory.ts';
import { SessionContent } from './session-content.ts';
import type { BuildSession } from './sessions.ts';

/** What a session's client lends a build: the capabilities are those that it has offered. */
export function sessionClient(session: BuildSession): BuildClient {
  const { calls, sharedKey } = session;
  const offersFiles = session.offers(filesync.FileSend.diffCopy);
  return {
    sharedKey,
    ...(session.offers(secrets.Secrets.getSecret) && {
      secret: (id, options) => secretOf(session, id, options),
    }),
    ...(session.offers(sshforward.SSH.forwardAgent) && {
      ssh: (id, options) => agentOf(session, id, options),
    }),
    ...(session.offers(filesync.FileSync.diffCopy) && {
      directory: async (name, wish, { signal }) => receiveDirectory(calls, { name, wish, signal }),
    }),
    ...(session.offers(content.Content.info) && { content: (id) => new SessionContent(calls, id) }),
    ...(session.offers(filesync.Auth.credentials) && {
      credentials: async (host, { signal }) => {
        const { username, secret } = await calls.unary(filesync.Auth.credentials, { host }, { signal });
        return secret === '' ? undefined : { username, secret };
      },
    }),
    ...(offersFiles && {
      receiveArchive: (id, archive, options) => sendArchive(session, archive, { ...options, id }),
      receiveDirectory: (outputId, files, { signal }) => sendDirectory(calls, files, { outputId, signal }),
    }),
  };
}

/** The bytes that a client has under an address of its own making (`http://buildkit-session/…`). */
export async function* uploadedBytes(
  { calls }: BuildSession,
  address: URL,
  { signal }: ClientOptions,
): AsyncGenerator<Uint8Array> {
  const headers = { urlpath: address.pathname, urlhost: address.host };
  const call = calls.stream(upload.Upload.pull, { headers, signal });
  call.end();
  try {
    for await (const { data } of call) yield data;
  } finally {
    call.cancel();
  }
}

async function secretOf(
  { calls }: BuildSession,
  id: string,
  { signal }: ClientOptions,
): Promise<Uint8Array | undefined> {
  try {
    return (await calls.unary(secrets.Secrets.getSecret, { id }, { signal })).data;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Clients say in several ways that they do not have something. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof GrpcError)) return false;
  return error.statusCode === StatusCode.notFound || /not found|unset ssh forward key/.test(error.message);
}

async function agentOf(
  { calls }: BuildSession,
  id: string,
  { signal }: ClientOptions,
): Promise<AgentConnection | undefined> {
  try {
    await calls.unary(sshforward.SSH.checkAgent, { id }, { signal });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const call = calls.stream(sshforward.SSH.forwardAgent, { headers: { 'buildkit.ssh.id': id }, signal });
  return {
    output: dataOf(call),
    write: (data) => call.send({ data }),
    end: async () => call.end(),
    [Symbol.asyncDispose]: async () => call.cancel(),
  };
}

async function* dataOf(call: AsyncIterable<sshforward.BytesMessage>): AsyncGenerator<Uint8Array> {
  for await (const { data } of call) yield data;
}

async function sendArchive(
  { calls }: BuildSession,
  archive: AsyncIterable<Uint8Array>,
  { id, signal }: ClientOptions & { id: string },
): Promise<void> {
  const headers = { 'buildkit-attachable-exporter-id': id };
  const call: MessageStream<filesync.BytesMessage, filesync.BytesMessage> = calls.stream(
    filesync.FileSend.diffCopy,
    { headers, signal },
  );
  try {
    for await (const data of streamPieces(archive)) await call.send({ data });
    call.end();
    for await (const _ of call);
  } finally {
    call.cancel();
  }
}
