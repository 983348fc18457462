import type { Http2Session, SecureServerSessionOptions } from 'node:http2';

/** Bytes that may be under way on a connection, and on each of its streams. */
const windowBytes = 4 * 1024 ** 2;

/** The same for both ends. */
export const sessionSettings: Pick<SecureServerSessionOptions, 'settings' | 'maxSessionMemory'> = {
  settings: {
    initialWindowSize: windowBytes,
    maxConcurrentStreams: 256,
    maxHeaderListSize: 128 * 1024,
    enablePush: false,
  },
  maxSessionMemory: 64,
};

/** HTTP/2 begins with 64 kB for a whole connection. */
export function widenWindow(session: Http2Session): void {
  if (session.connecting) session.once('connect', () => session.setLocalWindowSize(windowBytes));
  else session.setLocalWindowSize(windowBytes);
}
