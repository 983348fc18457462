import { Duplex } from 'node:stream';
import type { SshKey } from './private-key.ts';
import { SshReader, sshString, sshUint32 } from './wire-format.ts';

/** Numbers of draft-miller-ssh-agent, of which an agent that only signs needs these. */
const failure = 5;
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const maxRequestBytes = 256 * 1024;

/** A connection to an agent that has these keys, and does nothing but sign with them. */
export function openKeyAgent(keys: readonly SshKey[]): Duplex {
  let waiting: Buffer = Buffer.alloc(0);
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (;;) {
        const length = waiting.length < 4 ? undefined : waiting.readUInt32BE();
        if (length !== undefined && length > maxRequestBytes)
          return done(new Error('a request to the ssh agent is too large'));
        if (length === undefined || waiting.length < 4 + length) return done();
        const request = waiting.subarray(4, 4 + length);
        waiting = waiting.subarray(4 + length);
        stream.push(sshString(answer(keys, request)));
      }
    },
    final: (done) => {
      stream.push(null);
      done();
    },
  });
  return stream;
}

function answer(keys: readonly SshKey[], request: Buffer): Buffer {
  try {
    const reader = new SshReader(request);
    const type = reader.byte();
    if (type === requestIdentities) {
      const known = keys.flatMap(({ blob }) => [sshString(blob), sshString('')]);
      return Buffer.concat([Buffer.from([identitiesAnswer]), sshUint32(keys.length), ...known]);
    }
    if (type === signRequest) {
      const [blob, data, flags] = [reader.string(), reader.string(), reader.uint32()];
      const key = keys.find((candidate) => candidate.blob.equals(blob));
      if (key !== undefined)
        return Buffer.concat([Buffer.from([signResponse]), sshString(key.sign(data, flags))]);
    }
  } catch {
    // A malformed request is refused like one that is not known.
  }
  return Buffer.from([failure]);
}
