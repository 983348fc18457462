import { CommandError } from '../../errors.ts';

/** A context as `meta.json` has it. Fields that this program does not know are kept. */
export interface ContextMetadata {
  readonly Name: string;
  readonly Metadata: Readonly<Record<string, unknown>> & { readonly Description?: string };
  readonly Endpoints: Readonly<Record<string, ContextEndpoint>>;
}

export interface ContextEndpoint {
  readonly Host?: string;
  readonly SkipTLSVerify?: boolean;
}

/** The TLS files of a context, by endpoint and file name. */
export type TlsMaterial = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;

/** A context with everything that belongs to it. */
export interface StoredContext {
  readonly metadata: ContextMetadata;
  readonly tls: TlsMaterial;
}

/** The context that is in no store: what flags and environment say. */
export const defaultContext: string = 'default';
export const defaultDescription: string = 'Current DOCKER_HOST based configuration';

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

/** Throws `CommandError` in Docker's words for a name that no stored context may have. */
export function checkContextName(name: string): void {
  if (name === '') throw new CommandError(1, 'context name cannot be empty');
  if (name === defaultContext) throw new CommandError(1, '"default" is a reserved context name');
  if (namePattern.test(name)) return;
  throw new CommandError(
    1,
    `context name ${JSON.stringify(name)} is invalid, names are validated against regexp "${namePattern.source}"`,
  );
}
