import { type Output, RawMode } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';

const endOfText = 0x03;
const endOfTransmission = 0x04;
const backspace = 0x08;
const delete_ = 0x7f;

/** Asks the terminal for a line; with `hidden` nothing of it is shown. Throws `CommandError` where there is no terminal. */
export async function askLine(
  stdout: Output,
  question: string,
  { hidden }: { hidden: boolean },
): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY)
    throw new CommandError(1, 'Error: Cannot perform an interactive login from a non TTY device');
  stdout.write(question);
  using _raw = hidden ? new RawMode(stdin) : undefined;
  const line = await readLine(stdin, hidden);
  if (hidden) stdout.write('\n');
  return line;
}

/** All of stdin, without the line's end behind it. */
export async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
}

/** In raw mode the terminal leaves the editing of the line to us. */
function readLine(stdin: NodeJS.ReadStream, isRaw: boolean): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let line = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    for (const byte of chunk) {
      if (byte === 0x0a || byte === 0x0d) resolve(line.toString().trim());
      else if (isRaw && byte === endOfText) reject(new CommandError(130, ''));
      else if (isRaw && byte === endOfTransmission) resolve(line.toString());
      else if (isRaw && (byte === backspace || byte === delete_)) line = line.subarray(0, -1);
      else line = Buffer.concat([line, Buffer.from([byte])]);
    }
  };
  const onEnd = (): void => resolve(line.toString().trim());
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  return promise.finally(() => {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
    stdin.pause();
  });
}
