/** What the value of a field is on the wire and here. 64-bit numbers are `bigint`, or `safe-int64` where a number holds them. */
export type ScalarKind =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'safe-int64'
  | 'safe-uint64'
  | 'enum';

/** A message is named by a function, for messages hold each other. */
export type FieldKind = ScalarKind | (() => MessageType<object>);

export interface Field {
  readonly number: number;
  /** The property of the message. */
  readonly name: string;
  readonly kind: FieldKind;
  /** Many: an array. */
  readonly repeated?: true;
  /** A map with keys of this kind; `kind` is that of its values. */
  readonly mapKey?: 'string' | 'safe-int64';
  /** Undefined when it is not sent, rather than empty. */
  readonly optional?: true;
}

/** A message by its fields. `Message` is its decoded form, in which nothing is missing. */
export interface MessageType<Message extends object> {
  /** With its package. */
  readonly name: string;
  readonly fields: readonly Field[];
  /** Never there: it ties the type of the message to its description. */
  readonly message?: Message;
}

/** A message to be sent: what is left out is empty. */
export type Draft<Message> = {
  readonly [Name in keyof Message]?: DraftValue<Message[Name]>;
};

type DraftValue<Value> =
  Value extends Map<infer Key, infer Item>
    ? ReadonlyMap<Key, DraftValue<Item>>
    : Value extends Uint8Array
      ? Uint8Array
      : Value extends readonly (infer Item)[]
        ? readonly DraftValue<Item>[]
        : Value extends object
          ? Draft<Value>
          : Value;

/** A message without fields. */
export interface EmptyMessage {
  readonly nothing?: never;
}
