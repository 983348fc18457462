import { GrpcError, implement, type ServiceTable, StatusCode, secrets } from '@gantry/buildkit';
import type { Secrets } from '../options/secrets.ts';

/** Reads a secret when a step asks for it; only those that the user named. */
export function secretService(known: Secrets): ServiceTable {
  return implement(secrets.Secrets, {
    getSecret: ({ id }) => {
      const read = known.get(id);
      if (read === undefined) throw new GrpcError(StatusCode.notFound, `secret ${id} not found`);
      return { data: read() };
    },
  });
}
