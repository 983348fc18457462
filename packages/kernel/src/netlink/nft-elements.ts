import { attribute, nested, text } from './attributes.ts';
import type { NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';
import { nftRequest, nftTransaction } from './nft-batch.ts';

/** An element of an nftables set, or of a map when it has a value, as bytes; `concatenation` makes those of several fields. */
export interface TableElement {
  set: string;
  key: Uint8Array;
  value?: Uint8Array;
}

const NFT_MSG_NEWSETELEM = 12;
const NFT_MSG_DELSETELEM = 14;
const NLM_F_CREATE = 0x400;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_DATA_VALUE = 1;

/** A transaction travels in one message to a socket with a buffer of 212 kB; an element takes about 100 bytes of it. */
export const maxElementChanges: number = 200;

/**
 * Takes elements out of and puts elements into sets and maps (none of them of intervals) of an `inet` table, in one kernel transaction: all or nothing, 0.1 ms
 * and no process. `socket` is a netfilter socket. At most `maxElementChanges` at a time. Throws a `KernelError`:
 * `ENOENT` when the table, the set or a removed element is not there, `EEXIST` when a key has another value.
 */
export function changeElements(
  socket: NetlinkSocket,
  table: string,
  { added, removed }: { added: readonly TableElement[]; removed: readonly TableElement[] },
): void {
  const count = added.length + removed.length;
  if (count > maxElementChanges) throw new RangeError(`${count} changes of elements in one transaction`);
  nftTransaction(socket, { call: 'change elements of table', subject: table }, [
    ...removed.map((element) => elementRequest(NFT_MSG_DELSETELEM, table, element)),
    ...added.map((element) => elementRequest(NFT_MSG_NEWSETELEM, table, element)),
  ]);
}

/** Fields of a concatenated key or value (`inet_proto . inet_service`): each starts at a multiple of four bytes. */
export function concatenation(...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      const padded = Buffer.alloc((field.length + 3) & ~3);
      padded.set(field);
      return padded;
    }),
  );
}

function elementRequest(type: number, table: string, { set, key, value }: TableElement): NetlinkRequest {
  const isNew = type === NFT_MSG_NEWSETELEM;
  const data = (kind: number, bytes: Uint8Array): Buffer => nested(kind, attribute(NFTA_DATA_VALUE, bytes));
  const fields = [data(NFTA_SET_ELEM_KEY, key)];
  if (isNew && value !== undefined) fields.push(data(NFTA_SET_ELEM_DATA, value));
  return nftRequest(type, {
    family: 'inet',
    flags: isNew ? NLM_F_CREATE : 0,
    attributes: [
      text(NFTA_SET_ELEM_LIST_TABLE, table),
      text(NFTA_SET_ELEM_LIST_SET, set),
      nested(NFTA_SET_ELEM_LIST_ELEMENTS, nested(NFTA_LIST_ELEM, ...fields)),
    ],
    call: isNew ? 'add element to set' : 'delete element from set',
    subject: `${table} ${set}`,
  });
}
