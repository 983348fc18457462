const blockBytes = 512;

export type TarMemberType =
  | 'file'
  | 'hard-link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo';

/** One member, written as told: nothing is checked, so hostile archives are a matter of saying so. */
export interface TarMember {
  /** Stored as it is; up to 100 bytes in the header, longer through a PAX record. */
  name: string | Uint8Array;
  /** `file` when missing. */
  type?: TarMemberType;
  content?: string | Uint8Array;
  linkName?: string;
  /** 0644, or 0755 for a directory. */
  mode?: number;
  uid?: number;
  gid?: number;
  /** 0 when missing. */
  mtimeSeconds?: number;
  deviceMajor?: number;
  deviceMinor?: number;
  /** PAX records written before the member (`SCHILY.xattr.user.x`, `mtime`, `GNU.sparse.…`). */
  pax?: Readonly<Record<string, string | Uint8Array>>;
  /** The header's size field, when it shall lie about the content. */
  claimedSizeBytes?: number;
  /** The header's type flag, when it shall be none of the types. */
  typeFlag?: string;
}

const typeFlags: Record<TarMemberType, string> = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

/** A ustar archive with PAX records where they are needed. `end: false` leaves the two closing zero blocks out. */
export function tarArchive(
  members: Iterable<TarMember>,
  options: { end?: boolean } = {},
): Buffer<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const member of members) parts.push(...encodeMember(member));
  if (options.end !== false) parts.push(Buffer.alloc(2 * blockBytes));
  return Buffer.concat(parts);
}

function encodeMember(member: TarMember): Uint8Array[] {
  const name = Buffer.from(member.name as string);
  const content = Buffer.from((member.content ?? '') as string);
  const records = Object.entries(member.pax ?? {});
  if (name.length > 100) records.push(['path', name]);
  if ((member.linkName ?? '').length > 100) records.push(['linkpath', member.linkName ?? '']);
  const parts: Uint8Array[] = [];
  if (records.length > 0) {
    const data = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
    parts.push(header({ name: 'PaxHeaders/0' }, 'x', data.length), ...padded(data));
  }
  const flag = member.typeFlag ?? typeFlags[member.type ?? 'file'];
  parts.push(header(member, flag, member.claimedSizeBytes ?? content.length), ...padded(content));
  return parts;
}

function header(member: TarMember, typeFlag: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  Buffer.from(member.name as string).copy(block, 0, 0, 100);
  const octal = (value: number, at: number, length: number): void => {
    block.write(
      value
        .toString(8)
        .padStart(length - 1, '0')
        .slice(-(length - 1)),
      at,
      'latin1',
    );
  };
  octal(member.mode ?? (member.type === 'directory' ? 0o755 : 0o644), 100, 8);
  octal(member.uid ?? 0, 108, 8);
  octal(member.gid ?? 0, 116, 8);
  octal(sizeBytes, 124, 12);
  octal(member.mtimeSeconds ?? 0, 136, 12);
  block.write(typeFlag, 156, 'latin1');
  block.write((member.linkName ?? '').slice(0, 100), 157, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  octal(member.deviceMajor ?? 0, 329, 8);
  octal(member.deviceMinor ?? 0, 337, 8);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** `<length> <key>=<value>\n`, where the length counts its own digits (POSIX.1-2001, pax). */
function paxRecord(key: string, value: string | Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

function padded(content: Buffer): Uint8Array[] {
  const rest = content.length % blockBytes;
  return rest === 0 ? [content] : [content, Buffer.alloc(blockBytes - rest)];
}
