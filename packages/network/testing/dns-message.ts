/**
 * DNS messages as a client and a server of the tests write and read them: by the book, and without a line of the resolver's
 * own code. Names are dotted, without the last dot.
 */
export interface DnsMessage {
  id: number;
  /** Bits of the second header word but for the code: 0x8000 is an answer, 0x0200 truncated. */
  flags: number;
  code: number;
  questions: readonly { name: string; type: number; class: number }[];
  answers: readonly DnsRecord[];
  additionals: readonly DnsRecord[];
}

export interface DnsRecord {
  name: string;
  type: number;
  class: number;
  ttl: number;
  data: Buffer;
}

export const types = {
  A: 1,
  NS: 2,
  CNAME: 5,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const;

export const flags = {
  answer: 0x8000,
  authoritative: 0x400,
  truncated: 0x200,
  recursionDesired: 0x100,
  recursionAvailable: 0x80,
} as const;

/** Without compression. */
export function writeMessage(message: Partial<DnsMessage>): Buffer {
  const { id = 0, flags = 0, code = 0, questions = [], answers = [], additionals = [] } = message;
  const words = [id, flags | code, questions.length, answers.length, 0, additionals.length];
  return Buffer.concat([
    ...words.map(uint16),
    ...questions.flatMap((question) => [
      writeName(question.name),
      uint16(question.type),
      uint16(question.class),
    ]),
    ...[...answers, ...additionals].flatMap(({ name, type, class: kind, ttl, data }) => [
      writeName(name),
      ...[type, kind, ttl >>> 16, ttl & 0xffff, data.length].map(uint16),
      data,
    ]),
  ]);
}

/** Throws a RangeError for what is cut short. */
export function readMessage(bytes: Buffer): DnsMessage {
  const [id, word, questionCount, answerCount, authorityCount, additionalCount] = [0, 2, 4, 6, 8, 10].map(
    (at) => bytes.readUInt16BE(at),
  ) as [number, number, number, number, number, number];
  let at = 12;
  const readQuestion = (): DnsMessage['questions'][number] => {
    const { name, end } = readName(bytes, at);
    at = end + 4;
    return { name, type: bytes.readUInt16BE(end), class: bytes.readUInt16BE(end + 2) };
  };
  const readRecord = (): DnsRecord => {
    const { name, end } = readName(bytes, at);
    const lengthBytes = bytes.readUInt16BE(end + 8);
    at = end + 10 + lengthBytes;
    const [type, kind, ttl] = [
      bytes.readUInt16BE(end),
      bytes.readUInt16BE(end + 2),
      bytes.readUInt32BE(end + 4),
    ];
    return { name, type, class: kind, ttl, data: bytes.subarray(end + 10, at) };
  };
  const many = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);
  const questions = many(questionCount, readQuestion);
  const answers = many(answerCount, readRecord);
  many(authorityCount, readRecord);
  const additionals = many(additionalCount, readRecord);
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes behind the last record`);
  return { id, flags: word & ~15, code: word & 15, questions, answers, additionals };
}

export function writeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]),
    Buffer.alloc(1),
  ]);
}

export function readName(bytes: Buffer, offset: number): { name: string; end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  for (let at = offset, hops = 0; ; ) {
    const length = bytes.readUInt8(at);
    if (length === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    if (length < 64) {
      labels.push(bytes.toString('utf8', at + 1, at + 1 + length));
      at += 1 + length;
    } else {
      end ??= at + 2;
      at = bytes.readUInt16BE(at) & 0x3fff;
      if (++hops > 100) throw new RangeError('a name without end');
    }
  }
}

/** The address in an `A` or `AAAA` record, IPv6 in eight groups. */
export function addressIn({ data }: DnsRecord): string {
  if (data.length === 4) return data.join('.');
  return (
    data
      .toString('hex')
      .match(/.{4}/g)
      ?.map((group) => group.replace(/^0{1,3}/, ''))
      .join(':') ?? ''
  );
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}
