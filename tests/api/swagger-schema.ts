/** The part of JSON Schema that Docker's file uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  additionalProperties?: JsonSchema | boolean;
  'x-nullable'?: boolean;
  [keyword: string]: unknown;
}

const annotations = new Set(['example', 'default', 'description', 'title', 'discriminator', 'format', 'xml']);

/** Turns a Swagger 2 schema into JSON Schema: `x-nullable` becomes a null alternative, prose goes. `$ref`s stay. */
export function toJsonSchema(schema: JsonSchema): JsonSchema {
  const converted = mapChildren(schema, toJsonSchema);
  for (const keyword of Object.keys(converted)) {
    if (annotations.has(keyword) || keyword.startsWith('x-')) delete converted[keyword];
  }
  return schema['x-nullable'] === true ? { anyOf: [converted, { type: 'null' }] } : converted;
}

/** Lets every list and object be null as well, as Go's nil slices and maps come out. */
export function allowNulls(schema: JsonSchema): JsonSchema {
  const relaxed = mapChildren(schema, (child) => {
    const inner = allowNulls(child);
    return inner.type === 'array' ||
      inner.type === 'object' ||
      inner.$ref !== undefined ||
      inner.allOf !== undefined
      ? { anyOf: [inner, { type: 'null' }] }
      : inner;
  });
  return relaxed;
}

/** Paths of the value's fields that its schema does not list. Maps (`additionalProperties`) have no unknown keys. */
export function unknownFields(
  schema: JsonSchema,
  value: unknown,
  definitions: Readonly<Record<string, JsonSchema>>,
  path = '',
): string[] {
  const flat = flatten(schema, definitions);
  if (Array.isArray(value)) {
    const { items } = flat;
    if (items === undefined) return [];
    return value.flatMap((entry, index) => unknownFields(items, entry, definitions, `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const { properties, additionalProperties } = flat;
  return Object.entries(value).flatMap(([name, entry]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const child =
      properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (child !== undefined) return unknownFields(child, entry, definitions, at);
    return properties === undefined || additionalProperties !== undefined ? [] : [at];
  });
}

/** Follows references and merges alternatives, so that all fields of an object are in one place. */
function flatten(schema: JsonSchema, definitions: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const target =
    schema.$ref === undefined ? undefined : definitions[schema.$ref.replace('#/definitions/', '')];
  const parts = [target, ...(schema.allOf ?? []), ...(schema.anyOf ?? [])].filter(
    (part) => part !== undefined,
  );
  let merged: JsonSchema = { ...schema };
  for (const part of parts) {
    const flat = flatten(part, definitions);
    const properties = { ...merged.properties, ...flat.properties };
    merged = {
      ...flat,
      ...merged,
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
    };
  }
  return merged;
}

function mapChildren(schema: JsonSchema, change: (child: JsonSchema) => JsonSchema): JsonSchema {
  const result: JsonSchema = { ...schema };
  if (schema.properties !== undefined) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, child]) => [name, change(child)]),
    );
  }
  if (schema.items !== undefined) result.items = change(schema.items);
  if (schema.allOf !== undefined) result.allOf = schema.allOf.map(change);
  if (schema.anyOf !== undefined) result.anyOf = schema.anyOf.map(change);
  if (typeof schema.additionalProperties === 'object') {
    result.additionalProperties = change(schema.additionalProperties);
  }
  return result;
}
