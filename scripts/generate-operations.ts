/**
 * Writes the list of Docker's operations that `docs/reference/api-coverage.md` is measured against, from Docker's OpenAPI file:
 * every operation with its parameters and, outside swarm mode, the fields of its body. No prose is taken.
 * Usage: node scripts/generate-operations.ts <docker-engine-api-v1.51.yaml>
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
  items?: Schema;
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
}

interface Parameter {
  in: string;
  name: string;
  type?: string;
  enum?: string[];
  required?: boolean;
  schema?: Schema;
}

interface Operation {
  operationId: string;
  tags: string[];
  parameters?: Parameter[];
}

const source = process.argv[2];
if (source === undefined) throw new Error('usage: generate-operations.ts <openapi.yaml>');
const document = parse(readFileSync(source, 'utf8')) as {
  info: { version: string };
  definitions: Record<string, Schema>;
  paths: Record<string, Record<string, Operation>>;
};
const swarmGroups = new Set(['Swarm', 'Node', 'Service', 'Task', 'Secret', 'Config']);

/** What Docker's server routes and its file leaves out. */
const undocumented = [
  ['POST', '/build/cancel', 'BuildCancel', 'Image'],
  ['GET', '/containers/{id}/checkpoints', 'CheckpointList', 'Container'],
  ['POST', '/containers/{id}/checkpoints', 'CheckpointCreate', 'Container'],
  ['DELETE', '/containers/{id}/checkpoints/{checkpoint}', 'CheckpointDelete', 'Container'],
  ['POST', '/grpc', 'BuildKit', 'Session'],
].map(([method, route, id, group]) => ({ group, id, method, path: route, parameters: [], body: [] }));

const operations = Object.entries(document.paths).flatMap(([route, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const group = operation.tags[0]?.replace(/ \(.*/, '') ?? '';
    const parameters = operation.parameters ?? [];
    const body = parameters.find((parameter) => parameter.in === 'body')?.schema;
    return {
      group,
      id: operation.operationId,
      method: method.toUpperCase(),
      path: route,
      parameters: parameters
        .filter((parameter) => parameter.in === 'query' || parameter.in === 'header')
        .map(parameterOf),
      body: body === undefined || swarmGroups.has(group) ? [] : fieldsOf(body, '', 0),
    };
  }),
);
const target = path.resolve(import.meta.dirname, '../packages/http-api/testing/probe/docker-operations.json');
writeFileSync(
  target,
  JSON.stringify(
    { version: document.info.version, operations: [...operations, ...undocumented] },
    undefined,
    2,
  ),
);
execFileSync(path.resolve(import.meta.dirname, '../node_modules/.bin/biome'), ['format', '--write', target]);

function parameterOf({ name, in: place, type = 'string', enum: values, required }: Parameter): object {
  return {
    name,
    in: place,
    type,
    ...(values === undefined ? {} : { values }),
    ...(required === true ? { required } : {}),
  };
}

/** The fields of an object, nested ones behind `.`, elements of lists behind `[]`, values of maps behind `{}`. */
function fieldsOf(
  schema: Schema,
  prefix: string,
  depth: number,
): { name: string; type: string; values?: unknown[] }[] {
  const resolved = resolve(schema);
  if (depth > 12) throw new Error(`${prefix} does not end`);
  if (resolved.properties !== undefined) {
    return Object.entries(resolved.properties).flatMap(([name, property]) => {
      const own = `${prefix}${name}`;
      const value = resolve(property);
      const values = value.enum === undefined ? {} : { values: value.enum };
      return [{ name: own, type: typeOf(value), ...values }, ...nested(value, own, depth)];
    });
  }
  return [];
}

function nested(value: Schema, name: string, depth: number): ReturnType<typeof fieldsOf> {
  if (value.properties !== undefined) return fieldsOf(value, `${name}.`, depth + 1);
  if (value.type === 'array' && value.items !== undefined)
    return nested(resolve(value.items), `${name}[]`, depth + 1);
  if (typeof value.additionalProperties === 'object') {
    return nested(resolve(value.additionalProperties), `${name}{}`, depth + 1);
  }
  return [];
}

function resolve(schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '');
    const found = document.definitions[name];
    if (found === undefined) throw new Error(`no definition of ${name}`);
    return resolve(found);
  }
  if (schema.allOf === undefined) return schema;
  const parts = schema.allOf.map(resolve);
  return {
    ...schema,
    type: 'object',
    properties: Object.assign({}, ...parts.map((part) => part.properties)) as Record<string, Schema>,
  };
}

function typeOf(schema: Schema): string {
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'any' : typeOf(resolve(schema.items))}`;
  if (schema.type === 'object' || schema.properties !== undefined) {
    return schema.properties === undefined ? 'map' : 'object';
  }
  return schema.type ?? 'any';
}
