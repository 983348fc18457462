import { UnixDatagramSocket } from '@gantry/kernel';

/**
 * Tells the service manager a state, as sd_notify(3) does: `READY=1`, `STOPPING=1`. Does nothing where none listens
 * (`NOTIFY_SOCKET`); one that cannot be reached is no reason to fail.
 */
export function notifyManager(state: string): void {
  const address = process.env['NOTIFY_SOCKET'] ?? '';
  if (!/^[/@]./.test(address)) return;
  try {
    using socket = UnixDatagramSocket.connect(address.replace(/^@/, '\0'));
    socket.send(Buffer.from(state));
  } catch {
    // The manager has its own timeout, and says so.
  }
}
