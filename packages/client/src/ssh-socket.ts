import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatAddress, type SshAddress } from './address.ts';
import { ConnectionFailedError } from './errors.ts';

/** What of ssh's complaints goes into an error. */
const maxComplaintBytes = 8 * 1024;

/**
 * Opens a connection to an engine on another machine: the `ssh` program runs `gantry system dial-stdio` there, or docker's when
 * gantry is not installed, and its stdin and stdout are the two directions of one socket, half-close included. Keys, known hosts
 * and questions are ssh's own. When ssh fails, the socket is destroyed with a `ConnectionFailedError` that has ssh's words.
 */
export async function connectSsh(address: SshAddress): Promise<Socket> {
  const { ours, theirs } = await socketPair();
  const child = spawn('ssh', sshArguments(address), { stdio: [theirs, theirs, 'pipe'] });
  watch(child, address, { ours, theirs });
  return ours;
}

function sshArguments({ host, user, port, path: socketPath }: SshAddress): string[] {
  const host0 = socketPath === undefined ? '' : `-H 'unix://${socketPath}' `;
  const dial = `${host0}system dial-stdio`;
  return [
    '-o',
    'ConnectTimeout=30',
    '-T',
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    host,
    `if command -v gantry >/dev/null 2>&1; then exec gantry ${dial}; else exec docker ${dial}; fi`,
  ];
}

/** Our copy of the other end stays open until ssh has ended: its failure is known before its silence. */
function watch(child: ChildProcess, address: SshAddress, { ours, theirs }: SocketPair): void {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < maxComplaintBytes) complaint += text;
  });
  const fail = (reason: string, cause?: unknown): void => {
    ours.destroy(new ConnectionFailedError(formatAddress(address), reason, cause));
    theirs.destroy();
  };
  child.once('error', (error) => fail(`cannot run ssh: ${error.message}`, error));
  child.once('close', (code) => {
    if (code === 0) theirs.destroy();
    else fail(`ssh has ended with ${code}: ${complaint.trim()}`);
  });
  ours.once('close', () => child.kill());
}

interface SocketPair {
  readonly ours: Socket;
  readonly theirs: Socket;
}

/** Two connected sockets, which Node makes only through a name. */
async function socketPair(): Promise<SocketPair> {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-ssh-'));
  const name = path.join(directory, 'socket');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  try {
    return await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(name, () => {
        const ours = connect({ path: name, allowHalfOpen: true });
        ours.once('error', reject);
        server.once('connection', (theirs) => {
          ours.off('error', reject);
          resolve({ ours, theirs });
        });
      });
    });
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
