/** A field as it is written: `repeated string name = 1 [jstype = JS_NUMBER];`. */
export interface ProtoField {
  name: string;
  comment: string;
  number: number;
  type: string;
  repeated: boolean;
  /** Of a map. */
  keyType: string | undefined;
  /** In a oneof, or written `optional`. */
  optional: boolean;
  isNumber: boolean;
}

export interface ProtoMessage {
  name: string;
  comment: string;
  fields: ProtoField[];
}

export interface ProtoEnum {
  name: string;
  comment: string;
  values: { name: string; number: number }[];
}

export interface ProtoMethod {
  name: string;
  comment: string;
  request: string;
  response: string;
  requestStreams: boolean;
  responseStreams: boolean;
}

export interface ProtoFile {
  comment: string;
  package: string;
  imports: string[];
  messages: ProtoMessage[];
  enums: ProtoEnum[];
  services: { name: string; comment: string; methods: ProtoMethod[] }[];
}

/** Reads the subset of proto3 that our files are written in: nothing nested but `oneof`. Throws with the token that it does not know. */
export function parseProto(text: string): ProtoFile {
  return new Parser(text).file();
}

class Parser {
  readonly #tokens: string[];
  #position = 0;
  #comment = '';

  constructor(text: string) {
    this.#tokens = text.match(/\/\/[^\n]*|"[^"]*"|[\w.]+|[^\s\w]/g) ?? [];
  }

  file(): ProtoFile {
    const file: ProtoFile = { comment: '', package: '', imports: [], messages: [], enums: [], services: [] };
    file.comment = this.#takeComment();
    this.#statement('syntax');
    for (let word = this.#word(); word !== undefined; word = this.#word()) {
      const comment = this.#takeComment();
      if (word === 'package') file.package = this.#untilSemicolon().join('');
      else if (word === 'import') file.imports.push(this.#untilSemicolon().join('').replaceAll('"', ''));
      else if (word === 'message') file.messages.push({ comment, ...this.#message() });
      else if (word === 'enum') file.enums.push({ comment, ...this.#enum() });
      else if (word === 'service') file.services.push({ comment, ...this.#service() });
      else throw new Error(`unknown word: ${word}`);
    }
    return file;
  }

  #message(): Omit<ProtoMessage, 'comment'> {
    const name = this.#next();
    const fields: ProtoField[] = [];
    this.#expect('{');
    let inOneof = false;
    for (let word = this.#next(); ; word = this.#next()) {
      const comment = this.#takeComment();
      if (word === 'oneof') {
        inOneof = true;
        this.#next();
        this.#expect('{');
      } else if (word === '}' && inOneof) inOneof = false;
      else if (word === '}') return { name, fields };
      else fields.push({ comment, ...fieldOf([word, ...this.#untilSemicolon()], inOneof) });
    }
  }

  #enum(): Omit<ProtoEnum, 'comment'> {
    const name = this.#next();
    const values: ProtoEnum['values'] = [];
    this.#expect('{');
    for (let word = this.#next(); word !== '}'; word = this.#next()) {
      values.push({ name: word, number: Number(this.#untilSemicolon().at(-1)) });
    }
    return { name, values };
  }

  #service(): { name: string; methods: ProtoMethod[] } {
    const name = this.#next();
    const methods: ProtoMethod[] = [];
    this.#expect('{');
    for (let word = this.#next(); word !== '}'; word = this.#next()) {
      const comment = this.#takeComment();
      const [method = '', ...rest] = this.#untilSemicolon();
      const [request = [], response = []] = rest
        .join(' ')
        .split('returns')
        .map((part) => part.match(/[\w.]+/g) ?? []);
      methods.push({
        name: method,
        comment,
        request: request.at(-1) ?? '',
        response: response.at(-1) ?? '',
        requestStreams: request[0] === 'stream',
        responseStreams: response[0] === 'stream',
      });
    }
    return { name, methods };
  }

  #statement(word: string): void {
    this.#expect(word);
    this.#untilSemicolon();
  }

  #untilSemicolon(): string[] {
    const words: string[] = [];
    for (let word = this.#next(); word !== ';'; word = this.#next()) words.push(word);
    return words;
  }

  #expect(word: string): void {
    const found = this.#next();
    if (found !== word) throw new Error(`${word} was due, found: ${found}`);
  }

  #next(): string {
    const word = this.#word();
    if (word === undefined) throw new Error('the file ends early');
    return word;
  }

  /** The next token but comments, which are kept for what follows them. */
  #word(): string | undefined {
    for (;;) {
      const word = this.#tokens[this.#position++];
      if (word?.startsWith('//') !== true) return word;
      this.#comment += ` ${word.slice(2).trim()}`;
    }
  }

  /** The comment before the word that was read last. */
  #takeComment(): string {
    if (this.#position === 0) {
      while (this.#tokens[this.#position]?.startsWith('//') === true)
        this.#comment += ` ${this.#tokens[this.#position++]?.slice(2).trim()}`;
    }
    const comment = this.#comment.trim();
    this.#comment = '';
    return comment;
  }
}

function fieldOf(words: string[], inOneof: boolean): Omit<ProtoField, 'comment'> {
  const line = words.join(' ');
  const found =
    /^(?:(repeated|optional) )?(?:map < (\w+) , ([\w.]+) >|([\w.]+)) (\w+) = (\d+)(?: \[ jstype = (JS_NUMBER) \])?$/.exec(
      line,
    );
  if (found === null) throw new Error(`not a field: ${line}`);
  const [, label, keyType, valueType, type, name = '', number, jstype] = found;
  return {
    name,
    number: Number(number),
    type: valueType ?? type ?? '',
    repeated: label === 'repeated',
    keyType,
    optional: inOneof || label === 'optional',
    isNumber: jstype !== undefined,
  };
}
