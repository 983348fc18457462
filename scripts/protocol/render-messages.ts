import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage } from './parse-proto.ts';

const scalars: Readonly<Record<string, string>> = {
  string: 'string',
  bytes: 'Uint8Array',
  bool: 'boolean',
  int32: 'number',
  uint32: 'number',
  int64: 'bigint',
  uint64: 'bigint',
};

/** The module of one file; `files` are all, by name. */
export function renderMessages(fileName: string, files: ReadonlyMap<string, ProtoFile>): string {
  const file = files.get(fileName);
  if (file === undefined) throw new Error(`no such file: ${fileName}`);
  return new Renderer(file, files).text();
}

class Renderer {
  readonly #file: ProtoFile;
  readonly #files: ReadonlyMap<string, ProtoFile>;
  readonly #imported = new Map<string, string>();

  constructor(file: ProtoFile, files: ReadonlyMap<string, ProtoFile>) {
    this.#file = file;
    this.#files = files;
  }

  text(): string {
    const { comment, package: name, enums, messages, services } = this.#file;
    const parts = [
      ...enums.map((item) => this.#enum(item)),
      ...messages.map((item) => this.#message(item)),
      ...services.map((item) => this.#service(item)),
    ];
    const imports = [...this.#imported].map(
      ([file, alias]) => `import * as ${alias} from './${file.replace('.proto', '.ts')}';`,
    );
    const hasEmpty = messages.some(({ fields }) => fields.length === 0);
    return [
      `/** ${`\`${name}\`. ${comment}`.trim()} Made by scripts/generate-messages.ts, not by hand. */`,
      [
        ...(services.length > 0 ? ["import type { Method } from '../grpc/method.ts';"] : []),
        ...(messages.length > 0
          ? [
              `import type { ${hasEmpty ? 'EmptyMessage, ' : ''}MessageType } from '../protobuf/message-type.ts';`,
            ]
          : []),
        ...imports,
      ].join('\n'),
      ...parts,
    ].join('\n\n');
  }

  #enum({ name, comment, values }: ProtoEnum): string {
    const items = values.map((value) => `${camelCase(value.name.toLowerCase())}: ${value.number}`);
    return `${documented(comment)}export const ${name} = { ${items.join(', ')} } as const;`;
  }

  #message({ name, comment, fields }: ProtoMessage): string {
    const properties = fields.map(
      (field) => `${documented(field.comment)}${camelCase(field.name)}: ${this.#typeOf(field)};`,
    );
    const described = fields.map((field) => this.#describe(field));
    const type =
      properties.length === 0
        ? `export type ${name} = EmptyMessage;`
        : `export interface ${name} { ${properties.join('\n')} }`;
    return [
      `${documented(comment)}${type}`,
      `export const ${name}: MessageType<${name}> = { name: '${this.#file.package}.${name}', fields: [${described.join(', ')}] };`,
    ].join('\n');
  }

  #service({ name, comment, methods }: ProtoFile['services'][number]): string {
    const kind = (method: (typeof methods)[number]): string =>
      method.requestStreams ? 'stream' : method.responseStreams ? 'server-stream' : 'unary';
    const types = methods.map(
      (method) =>
        `${documented(method.comment)}${lowerFirst(method.name)}: Method<${this.#reference(method.request)}, ${this.#reference(method.response)}, '${kind(method)}'>;`,
    );
    const values = methods.map(
      (method) =>
        `${lowerFirst(method.name)}: { path: '/${this.#file.package}.${name}/${method.name}', kind: '${kind(method)}', request: ${this.#reference(method.request)}, response: ${this.#reference(method.response)} }`,
    );
    return `${documented(comment)}export const ${name}: { ${types.join('\n')} } = { ${values.join(', ')} };`;
  }

  #typeOf(field: ProtoField): string {
    const plain = this.#plainType(field);
    if (field.keyType !== undefined)
      return `Map<${field.keyType === 'string' ? 'string' : 'number'}, ${plain}>`;
    if (field.repeated) return `${plain}[]`;
    return field.optional || this.#isMessage(field.type) ? `${plain} | undefined` : plain;
  }

  #plainType({ type, isNumber }: ProtoField): string {
    if (isNumber) return 'number';
    return scalars[type] ?? (this.#isMessage(type) ? this.#reference(type) : 'number');
  }

  #describe(field: ProtoField): string {
    const { type, isNumber } = field;
    const scalar = isNumber ? `'safe-${type}'` : `'${type}'`;
    const named = this.#isMessage(type) ? `() => ${this.#reference(type)}` : "'enum'";
    const flags = [
      ...(field.keyType === undefined
        ? []
        : [`mapKey: '${field.keyType === 'string' ? 'string' : 'safe-int64'}'`]),
      ...(field.repeated ? ['repeated: true'] : []),
      ...(field.optional ? ['optional: true'] : []),
    ];
    const kind = type in scalars ? scalar : named;
    return `{ ${[`number: ${field.number}`, `name: '${camelCase(field.name)}'`, `kind: ${kind}`, ...flags].join(', ')} }`;
  }

  #isMessage(type: string): boolean {
    if (type in scalars) return false;
    const { file, name } = this.#find(type);
    return file.messages.some((message) => message.name === name);
  }

  /** Its name in this module. */
  #reference(type: string): string {
    const { fileName, file, name } = this.#find(type);
    if (file === this.#file) return name;
    const alias = camelCase(fileName.replace('.proto', '').replaceAll('-', '_'));
    this.#imported.set(fileName, alias);
    return `${alias}.${name}`;
  }

  #find(type: string): { fileName: string; file: ProtoFile; name: string } {
    const dot = type.lastIndexOf('.');
    const packageName = dot === -1 ? this.#file.package : type.slice(0, dot);
    for (const [fileName, file] of this.#files) {
      if (file.package === packageName) return { fileName, file, name: type.slice(dot + 1) };
    }
    throw new Error(`no file describes ${type}`);
  }
}

function documented(comment: string): string {
  return comment === '' ? '' : `/** ${comment} */\n`;
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function lowerFirst(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
