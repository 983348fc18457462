import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { check, lastErrno } from '../ffi/libc.ts';
import { closeDescriptor } from '../processes/descriptors.ts';
import {
  messageFlags,
  setSocketOption,
  socketCalls,
  socketFlags,
  socketLevel,
} from '../sockets/socket-calls.ts';
import { readAttributes, readText } from './attributes.ts';

/** One change of the nftables rules of a network namespace, after its transaction was committed. */
export interface TableChange {
  /** `generation` ends a transaction and names no table. */
  kind: 'table' | 'chain' | 'rule' | 'set' | 'element' | 'object' | 'generation';
  removed: boolean;
  /** `NFPROTO_*`: 1 inet, 2 ip, 10 ip6. */
  family: number;
  table: string;
  /** Of the chain, the set (of an element: its set) or the chain that a rule is in. */
  name: string;
  /** The netlink port that asked for it: the process id for a program that has one netlink socket, as nft has. */
  portId: number;
}

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NFNLGRP_NFTABLES = 7;
const SO_RCVBUFFORCE = 33;
const { EAGAIN, EINTR, ENOBUFS } = constants.errno;
const NFNL_SUBSYS_NFTABLES = 10;
const messageHeaderBytes = 16;
const headerBytes = messageHeaderBytes + 4;
const receiveBytes = 64 * 1024;
/** Room for the news of some 40,000 changes between two reads; it takes no memory while there are none. */
const queueBytes = 8 * 1024 * 1024;

/** `NFT_MSG_*` of linux/netfilter/nf_tables.h, and which attribute has the name. */
const kinds: Readonly<
  Record<number, { kind: TableChange['kind']; removed: boolean; nameAttribute: number }>
> = {
  0: { kind: 'table', removed: false, nameAttribute: 0 },
  2: { kind: 'table', removed: true, nameAttribute: 0 },
  3: { kind: 'chain', removed: false, nameAttribute: 3 },
  5: { kind: 'chain', removed: true, nameAttribute: 3 },
  6: { kind: 'rule', removed: false, nameAttribute: 2 },
  8: { kind: 'rule', removed: true, nameAttribute: 2 },
  9: { kind: 'set', removed: false, nameAttribute: 2 },
  11: { kind: 'set', removed: true, nameAttribute: 2 },
  12: { kind: 'element', removed: false, nameAttribute: 2 },
  14: { kind: 'element', removed: true, nameAttribute: 2 },
  15: { kind: 'generation', removed: false, nameAttribute: 0 },
  18: { kind: 'object', removed: false, nameAttribute: 2 },
  20: { kind: 'object', removed: true, nameAttribute: 2 },
};
const NFTA_TABLE = 1;

/**
 * Tells what anybody changes in the nftables rules of the network namespace that its maker was in, by the kernel's own
 * news (`NFNLGRP_NFTABLES`). Rules of the older iptables tables are not told. Watch `descriptor` for reading
 * (`ReadinessPoller`), then `read` until it gives nothing.
 */
export class TableMonitor implements Disposable {
  readonly descriptor: number;
  readonly #buffer = Buffer.alloc(receiveBytes);
  #closed = false;

  private constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  static open(): TableMonitor {
    const subject = 'netlink nftables news';
    const fd = check(
      socketCalls.socket(AF_NETLINK, SOCK_RAW | socketFlags.closeOnExec, NETLINK_NETFILTER),
      'socket',
      subject,
    );
    try {
      const address = Buffer.alloc(12);
      address.writeUInt16LE(AF_NETLINK);
      check(socketCalls.bind(fd, address, address.length), 'bind', subject);
      setSocketOption(fd, { level: socketLevel, name: SO_RCVBUFFORCE, value: queueBytes }, subject);
      setSocketOption(
        fd,
        { level: SOL_NETLINK, name: NETLINK_ADD_MEMBERSHIP, value: NFNLGRP_NFTABLES },
        subject,
      );
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
    return new TableMonitor(fd);
  }

  /** The next changes, in order; none when there is nothing new; `lost` when there were more than the queue holds. */
  read(): readonly TableChange[] | 'lost' {
    const length = socketCalls.recv(this.descriptor, this.#buffer, receiveBytes, messageFlags.dontWait);
    if (length >= 0) return changesIn(this.#buffer.subarray(0, length));
    const errno = lastErrno();
    if (errno === EAGAIN || errno === EINTR) return [];
    if (errno === ENOBUFS) return 'lost';
    throw new KernelError('recv', errno, 'netlink nftables news');
  }

  [Symbol.dispose](): void {
    if (!this.#closed) closeDescriptor(this.descriptor);
    this.#closed = true;
  }
}

/** Layout: `struct nlmsghdr`, `struct nfgenmsg`, attributes. */
function changesIn(data: Buffer): TableChange[] {
  const changes: TableChange[] = [];
  for (let offset = 0; offset + headerBytes <= data.length; ) {
    const lengthBytes = data.readUInt32LE(offset);
    if (lengthBytes < headerBytes || offset + lengthBytes > data.length) break;
    const type = data.readUInt16LE(offset + 4);
    const known = type >> 8 === NFNL_SUBSYS_NFTABLES ? kinds[type & 0xff] : undefined;
    if (known !== undefined) {
      const { kind, removed, nameAttribute } = known;
      const attributes = readAttributes(data.subarray(offset + headerBytes, offset + lengthBytes));
      const named = (attribute: number): string => readText(attributes.get(attribute) ?? Buffer.alloc(0));
      changes.push({
        kind,
        removed,
        family: data.readUInt8(offset + messageHeaderBytes),
        table: kind === 'generation' ? '' : named(NFTA_TABLE),
        name: nameAttribute === 0 ? '' : named(nameAttribute),
        portId: data.readUInt32LE(offset + 12),
      });
    }
    offset += (lengthBytes + 3) & ~3;
  }
  return changes;
}
