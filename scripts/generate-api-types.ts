/**
 * Writes `packages/api-types/src/definitions.ts` from Docker's OpenAPI file: names, shapes and required fields, no prose.
 * Usage: node scripts/generate-api-types.ts <docker-engine-api-v1.51.yaml>
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: (string | number)[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
  'x-nullable'?: boolean;
  title?: string;
}

interface Operation {
  operationId: string;
  responses: Record<string, { schema?: Schema }>;
  parameters?: { in: string; name: string; schema?: Schema }[];
}

const source = process.argv[2];
if (source === undefined) throw new Error('usage: generate-api-types.ts <openapi.yaml>');
const document = parse(readFileSync(source, 'utf8')) as {
  info: { version: string };
  definitions: Record<string, Schema>;
  paths: Record<string, Record<string, Operation>>;
};

/** What we add to Docker's words. */
const ownValues = [{ definition: 'RestartPolicy', field: 'Name', value: 'on-unhealthy' }];
for (const { definition, field, value } of ownValues) {
  document.definitions[definition]?.properties?.[field]?.enum?.push(value);
}

const lines = [
  `/** The wire types of Docker Engine API ${document.info.version}; made by scripts/generate-api-types.ts, not by hand. */`,
];
const names = new Set(Object.keys(document.definitions));
for (const [name, schema] of Object.entries(document.definitions)) declare(name, schema);
for (const operations of Object.values(document.paths)) {
  for (const operation of Object.values(operations)) {
    for (const response of Object.values(operation.responses)) inline(response.schema);
    for (const parameter of operation.parameters ?? []) inline(parameter.schema);
  }
}
const target = path.resolve(import.meta.dirname, '../packages/api-types/src/definitions.ts');
writeFileSync(target, `${lines.join('\n\n')}\n`);
execFileSync(path.resolve(import.meta.dirname, '../node_modules/.bin/biome'), ['check', '--write', target]);

function inline(schema: Schema | undefined): void {
  if (schema?.title === undefined || schema.properties === undefined || names.has(schema.title)) return;
  names.add(schema.title);
  declare(schema.title, schema);
}

function declare(name: string, schema: Schema): void {
  if (schema.properties !== undefined && schema.allOf === undefined) {
    lines.push(`export interface ${name} ${object(schema)}`);
  } else {
    lines.push(`export type ${name} = ${typeOf(schema)};`);
  }
}

function typeOf(schema: Schema): string {
  const plain = plainType(schema);
  return schema['x-nullable'] === true ? `${plain} | null` : plain;
}

function plainType(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/definitions/', '');
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(' & ');
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return `(${schema.items === undefined ? 'unknown' : typeOf(schema.items)})[]`;
    default:
      return object(schema);
  }
}

function object(schema: Schema): string {
  if (schema.properties === undefined) {
    const value = schema.additionalProperties;
    return `Record<string, ${typeof value === 'object' ? typeOf(value) : 'unknown'}>`;
  }
  const fields = Object.entries(schema.properties).map(([name, property]) => {
    const required = schema.required?.includes(name) === true;
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `  ${key}${required ? '' : '?'}: ${typeOf(property)}${required ? '' : ' | undefined'};`;
  });
  return `{\n${fields.join('\n')}\n}`;
}
