import { KernelError } from '../ffi/errno.ts';
import { check } from '../ffi/libc.ts';
import { closeDescriptor } from '../processes/descriptors.ts';
import { messageFlags, setSocketOption, socketCalls, socketFlags } from '../sockets/socket-calls.ts';
import { readAttributes, readText } from './attributes.ts';

/** A message for the kernel, not yet numbered. `call` and `subject` name it in errors: `create bridge`, `gantry0`. */
export interface NetlinkRequest {
  type: number;
  /** `NLM_F_*` besides REQUEST and ACK, which the socket adds. */
  flags: number;
  payload: Uint8Array;
  call: string;
  subject: string;
  /** Gets no acknowledgement (the marks around an nftables transaction). */
  silent?: true;
}

/** The kernel's answer: a copy of the bytes after the message header. */
export interface NetlinkReply {
  type: number;
  payload: Buffer;
}

export type NetlinkProtocol = 'route' | 'netfilter';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_DUMP = 0x300;
const NLM_F_ACK_TLVS = 0x200;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLMSGERR_ATTR_MSG = 1;
const protocols: Readonly<Record<NetlinkProtocol, number>> = { route: 0, netfilter: 12 };
const headerBytes = 16;
/** The kernel fills at most 32 KiB a read of a dump; acknowledgements of one batch are far smaller. */
const receiveBytes = 64 * 1024;
/** Acknowledgements wait in the receive buffer: 212 kB by default, under 800 bytes each with their book-keeping. */
const batchMessages = 210;
const dumpAttempts = 10;

/**
 * A netlink socket of the network namespace that its maker was in; it stays with that namespace for good. Requests are
 * synchronous: rtnetlink and nfnetlink answer within `send`, so the event loop waits for nothing but the work itself.
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(receiveBytes);
  #sequence = 0;
  #closed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Opens a socket in the network namespace of the calling thread. */
  static open(protocol: NetlinkProtocol = 'route'): NetlinkSocket {
    const fd = check(
      socketCalls.socket(AF_NETLINK, SOCK_RAW | socketFlags.closeOnExec, protocols[protocol]),
      'socket',
      `netlink ${protocol}`,
    );
    try {
      const address = Buffer.alloc(12);
      address.writeUInt16LE(AF_NETLINK);
      check(socketCalls.bind(fd, address, address.length), 'bind', `netlink ${protocol}`);
      const options = [NETLINK_CAP_ACK, NETLINK_EXT_ACK];
      if (protocol === 'route') options.push(NETLINK_GET_STRICT_CHK);
      for (const name of options)
        setSocketOption(fd, { level: SOL_NETLINK, name, value: 1 }, `netlink option ${name}`);
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
    return new NetlinkSocket(fd);
  }

  /** The address that the kernel gave it, which its news name as their cause. */
  get portId(): number {
    const address = Buffer.alloc(12);
    const length = Buffer.from([address.length, 0, 0, 0]);
    check(socketCalls.getsockname(this.#fd, address, length), 'getsockname', 'netlink');
    return address.readUInt32LE(4);
  }

  /**
   * Sends the requests in order, in one `send` for up to 210 of them, and waits for every acknowledgement. The kernel goes
   * on after a failed request, so that all are tried; throws the `KernelError` of the first that failed, with the
   * kernel's own words where it gives any.
   */
  request(...requests: readonly NetlinkRequest[]): void {
    for (let first = 0; first < requests.length; first += batchMessages) {
      this.#exchange(requests.slice(first, first + batchMessages), NLM_F_ACK);
    }
  }

  /**
   * As `request`, on a pool thread: for the few requests that the kernel takes long for. Nothing else may be asked of this
   * socket meanwhile.
   */
  async requestLater(request: NetlinkRequest): Promise<void> {
    const { data, firstSequence } = this.#encode([request], NLM_F_ACK);
    const { result, errno } = await socketCalls.send.async(this.#fd, data, data.length, 0);
    if (result < 0) throw new KernelError(request.call, errno, request.subject);
    this.#collect([request], firstSequence);
  }

  /** Asks for one object; throws a `KernelError` (`ENODEV`, `ENOENT`) when there is none. */
  get(request: NetlinkRequest): NetlinkReply[] {
    return this.#exchange([request], NLM_F_ACK);
  }

  /** Asks for all objects, again when they changed in between. */
  dump(request: NetlinkRequest): NetlinkReply[] {
    for (let attempt = 1; ; attempt++) {
      const replies = this.#dumpOnce(request);
      if (replies !== undefined) return replies;
      if (attempt >= dumpAttempts)
        throw new KernelError(request.call, 11, `${request.subject}: it keeps changing`);
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeDescriptor(this.#fd);
  }

  #exchange(requests: readonly NetlinkRequest[], flags: number): NetlinkReply[] {
    return this.#collect(requests, this.#send(requests, flags));
  }

  /** Reads until every request is acknowledged. */
  #collect(requests: readonly NetlinkRequest[], firstSequence: number): NetlinkReply[] {
    const replies: NetlinkReply[] = [];
    let failure: KernelError | undefined;
    const expected = requests.filter((request) => request.silent !== true).length;
    for (let acknowledged = 0; acknowledged < expected; ) {
      for (const message of this.#receive()) {
        const request = requests[message.sequence - firstSequence];
        if (request === undefined) continue;
        if (message.type === NLMSG_ERROR) {
          acknowledged += 1;
          failure ??= errorOf(message, request);
          // A transaction that fails as a whole acknowledges its first mark, and perhaps nothing else.
          if (request.silent === true && failure) throw failure;
        } else {
          replies.push({ type: message.type, payload: Buffer.from(message.payload) });
        }
      }
    }
    if (failure) throw failure;
    return replies;
  }

  /** Undefined when the kernel says that the dump is not of one moment. */
  #dumpOnce(request: NetlinkRequest): NetlinkReply[] | undefined {
    const sequence = this.#send([request], NLM_F_DUMP);
    const replies: NetlinkReply[] = [];
    for (let interrupted = false; ; ) {
      for (const message of this.#receive()) {
        if (message.sequence !== sequence) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
          const failure = errorOf(message, request);
          if (failure) throw failure;
          return interrupted ? undefined : replies;
        }
        replies.push({ type: message.type, payload: Buffer.from(message.payload) });
      }
    }
  }

  #send(requests: readonly NetlinkRequest[], flags: number): number {
    const { data, firstSequence } = this.#encode(requests, flags);
    check(
      socketCalls.send(this.#fd, data, data.length, 0),
      requests[0]?.call ?? 'send',
      requests[0]?.subject ?? '',
    );
    return firstSequence;
  }

  #encode(requests: readonly NetlinkRequest[], flags: number): { data: Buffer; firstSequence: number } {
    const firstSequence = this.#sequence + 1;
    const messages = requests.map((request) => {
      this.#sequence = (this.#sequence + 1) >>> 0;
      const ack = request.silent === true ? 0 : flags;
      return encode(request, request.flags | ack | NLM_F_REQUEST, this.#sequence);
    });
    return { data: Buffer.concat(messages), firstSequence };
  }

  /** The kernel has answered when `send` returns: what is missing now never comes, and is an error (EAGAIN), not a wait. */
  #receive(): Message[] {
    const length = check(
      socketCalls.recv(this.#fd, this.#buffer, receiveBytes, messageFlags.dontWait),
      'recv',
      'netlink',
    );
    return [...messagesOf(this.#buffer.subarray(0, length))];
  }
}

interface Message {
  type: number;
  flags: number;
  sequence: number;
  payload: Buffer;
}

function encode(request: NetlinkRequest, flags: number, sequence: number): Buffer {
  const lengthBytes = headerBytes + request.payload.length;
  const message = Buffer.alloc((lengthBytes + 3) & ~3);
  message.writeUInt32LE(lengthBytes, 0);
  message.writeUInt16LE(request.type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeUInt32LE(sequence, 8);
  message.set(request.payload, headerBytes);
  return message;
}

function* messagesOf(data: Buffer): Generator<Message> {
  for (let offset = 0; offset + headerBytes <= data.length; ) {
    const lengthBytes = data.readUInt32LE(offset);
    if (lengthBytes < headerBytes || offset + lengthBytes > data.length) return;
    yield {
      type: data.readUInt16LE(offset + 4),
      flags: data.readUInt16LE(offset + 6),
      sequence: data.readUInt32LE(offset + 8),
      payload: data.subarray(offset + headerBytes, offset + lengthBytes),
    };
    offset += (lengthBytes + 3) & ~3;
  }
}

/**
 * The error in an acknowledgement or at the end of a dump; undefined for success. Layout: errno negated, for NLMSG_ERROR
 * the header of the request (alone, by NETLINK_CAP_ACK), then attributes when NLM_F_ACK_TLVS is set.
 */
function errorOf(message: Message, request: NetlinkRequest): KernelError | undefined {
  const errno = message.payload.length >= 4 ? -message.payload.readInt32LE(0) : 0;
  if (errno <= 0) return undefined;
  const skippedBytes = message.type === NLMSG_ERROR ? 4 + headerBytes : 4;
  const attributes =
    (message.flags & NLM_F_ACK_TLVS) === 0
      ? undefined
      : readAttributes(message.payload.subarray(skippedBytes));
  const words = attributes?.get(NLMSGERR_ATTR_MSG);
  const subject = words === undefined ? request.subject : `${request.subject} (${readText(words)})`;
  return new KernelError(request.call, errno, subject);
}
