import operations from './docker-operations.json' with { type: 'json' };

/** A parameter of a query or a header, as Docker's file has it. */
export interface DockerParameter {
  readonly name: string;
  readonly in: string;
  readonly type: string;
  readonly values?: readonly unknown[];
  readonly required?: boolean;
}

/** A field of a JSON body. Nested ones stand behind `.`, elements of lists behind `[]`, values of maps behind `{}`. */
export interface DockerField {
  readonly name: string;
  readonly type: string;
  readonly values?: readonly unknown[];
}

/** One operation of Docker's API. */
export interface DockerOperation {
  readonly group: string;
  readonly id: string;
  readonly method: string;
  /** Without version; `{…}` stands for a name. */
  readonly path: string;
  readonly parameters: readonly DockerParameter[];
  /** Empty when the body is no JSON object, and for swarm mode. */
  readonly body: readonly DockerField[];
}

/** Docker's API of `dockerApiVersion`, and the operations that its server has and its file leaves out. */
export const dockerOperations: readonly DockerOperation[] = operations.operations;
export const dockerApiVersion: string = operations.version;
