import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { allowNulls, type JsonSchema, toJsonSchema, unknownFields } from './swagger-schema.ts';

/** A response as a test recorded it. */
export interface RecordedResponse {
  method: string;
  /** With or without version prefix and query. */
  url: string;
  status: number;
  contentType: string | undefined;
  body: string;
}

export interface CheckOptions {
  /**
   * Refuse null where the file does not say `x-nullable`. Off by default: Docker's own server sends null for lists and
   * maps that are empty, and its clients expect it.
   */
  strictNulls?: boolean;
}

interface Operation {
  operationId: string;
  produces?: string[];
  responses: Record<string, { schema?: JsonSchema } | undefined>;
}

interface Document {
  definitions: Record<string, JsonSchema>;
  paths: Record<string, Record<string, Operation | undefined>>;
}

/** Docker adds these to the events of API versions below 1.52; its file does not list them. */
const legacyEventFields = ['status', 'id', 'from'];

/** Checks responses against Docker's OpenAPI (Swagger 2) file. */
export class OpenApi {
  readonly #document: Document;
  readonly #templates: { pattern: RegExp; path: string }[];
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #definitions: Record<'strict' | 'lenient', Record<string, JsonSchema>>;

  private constructor(document: Document) {
    this.#document = document;
    const definitions = Object.fromEntries(
      Object.entries(document.definitions).map(([name, schema]) => [name, toJsonSchema(schema)]),
    );
    const lenient = Object.fromEntries(
      Object.entries(definitions).map(([name, schema]) => [name, allowNulls(schema)]),
    );
    this.#definitions = { strict: definitions, lenient };
    this.#templates = Object.keys(document.paths)
      .sort((a, b) => a.split('{').length - b.split('{').length || b.length - a.length)
      .map((path) => ({
        path,
        pattern: new RegExp(`^${path.replaceAll('{name}', '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      }));
  }

  static load(file: string): OpenApi {
    const document = parse(readFileSync(file, 'utf8')) as Document;
    correct(document);
    return new OpenApi(document);
  }

  /** Everything that is wrong with the response; empty when it is as documented. Throws for an operation that the file does not have. */
  check(response: RecordedResponse, options: CheckOptions = {}): string[] {
    const { path, operation } = this.#find(response);
    const label = `${response.method} ${path} ${response.status}`;
    const documented = operation.responses[String(response.status)];
    if (documented === undefined && response.status < 400) return [`${label}: undocumented status`];
    // Docker answers 400 and 409 in places where its file lists only 404 and 500.
    const schema =
      documented?.schema ?? (response.status >= 400 ? { $ref: '#/definitions/ErrorResponse' } : undefined);
    if (response.status === 304) return response.body === '' ? [] : [`${label}: has a body`];
    if (path === '/events')
      return this.#checkLines(response, label, { $ref: '#/definitions/EventMessage' }, options);
    if (path === '/images/create') {
      return this.#checkLines(response, label, { $ref: '#/definitions/CreateImageInfo' }, options);
    }
    if (schema === undefined || (schema.type === 'string' && operation.produces?.[0] !== 'application/json'))
      return [];
    const problems =
      response.contentType === 'application/json'
        ? []
        : [`${label}: Content-Type is ${response.contentType}`];
    return [...problems, ...this.#checkDocument(response.body, label, schema, options)];
  }

  #checkLines(
    response: RecordedResponse,
    label: string,
    schema: JsonSchema,
    options: CheckOptions,
  ): string[] {
    if (response.status >= 400) {
      return this.#checkDocument(response.body, label, { $ref: '#/definitions/ErrorResponse' }, options);
    }
    return response.body
      .split(/\r?\n/)
      .filter((line) => line !== '')
      .flatMap((line) => this.#checkDocument(line, label, schema, options));
  }

  #checkDocument(text: string, label: string, schema: JsonSchema, options: CheckOptions): string[] {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return [`${label}: body is not JSON: ${text.slice(0, 100)}`];
    }
    const validate = this.#validator(schema, options.strictNulls === true ? 'strict' : 'lenient');
    const problems = validate(value)
      ? []
      : (validate.errors ?? []).map(
          (error) => `${label}: ${error.instancePath || '/'} ${error.message ?? ''}`,
        );
    const unknown = unknownFields(toJsonSchema(schema), value, this.#definitions.strict);
    const isEvent = schema.$ref === '#/definitions/EventMessage';
    return [
      ...problems,
      ...unknown
        .filter((field) => !isEvent || !legacyEventFields.includes(field))
        .map((field) => `${label}: '${field}' is not in the schema`),
    ];
  }

  #validator(schema: JsonSchema, mode: 'strict' | 'lenient'): ValidateFunction {
    const key = `${mode} ${JSON.stringify(schema)}`;
    const known = this.#validators.get(key);
    if (known !== undefined) return known;
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const converted = toJsonSchema(schema);
    const validate = ajv.compile({
      allOf: [mode === 'strict' ? converted : allowNulls(converted)],
      definitions: this.#definitions[mode],
    });
    this.#validators.set(key, validate);
    return validate;
  }

  #find({ method, url }: RecordedResponse): { path: string; operation: Operation } {
    const bare = (url.split('?')[0] ?? '').replace(/^\/v[\d.]+(?=\/)/, '');
    for (const { path, pattern } of this.#templates) {
      const operation = pattern.test(bare) ? this.#document.paths[path]?.[method.toLowerCase()] : undefined;
      if (operation !== undefined) return { path, operation };
    }
    throw new Error(`no operation ${method} ${bare} in the OpenAPI file`);
  }
}

/** Where the file is known to be wrong about Docker: an exec that has not ended has the exit code null. */
function correct({ paths }: Document): void {
  const exitCode = paths['/exec/{id}/json']?.['get']?.responses['200']?.schema?.properties?.['ExitCode'];
  if (exitCode !== undefined) exitCode['x-nullable'] = true;
}
