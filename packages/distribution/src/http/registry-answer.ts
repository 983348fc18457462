import type { IncomingMessage } from 'node:http';
import { parseChallenges } from '../auth/challenge.ts';
import { RegistryRefusedError } from '../errors.ts';

/** One error of an answer's body (distribution spec, "Error Codes"). */
export interface RegistryProblem {
  code: string;
  message: string;
}

/** Of answers without a body, as those to `HEAD`: the spec's codes with Docker's words. */
const plainProblems: Readonly<Record<number, RegistryProblem>> = {
  401: { code: 'UNAUTHORIZED', message: 'authentication required' },
  403: { code: 'DENIED', message: 'requested access to the resource is denied' },
};

/** RFC 6750, 3.1: the token was taken, and does not allow it. */
const tooLittle = 'insufficient_scope';

const maxProblemBytes = 64 * 1024;

/** The whole body. Throws `RegistryRefusedError` past `maxBytes`; the rest is not read. */
export async function readBody(response: IncomingMessage, url: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new RegistryRefusedError(
        url,
        response.statusCode ?? 0,
        `${url}: the answer is longer than ${maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What an answer that is no success says: the registry's first error, or the status. Never throws for a body that is none. */
export async function readProblem(response: IncomingMessage): Promise<RegistryProblem> {
  const { statusCode = 0, statusMessage = '', headers } = response;
  const challenges = parseChallenges(headers['www-authenticate']);
  const isDenied = challenges.some(({ parameters }) => parameters.get('error') === tooLittle);
  const plain = plainProblems[isDenied ? 403 : statusCode] ?? {
    code: '',
    message: `received unexpected HTTP status: ${statusCode} ${statusMessage}`.trim(),
  };
  try {
    const body: unknown = JSON.parse((await readBody(response, '', maxProblemBytes)).toString());
    return problemIn(body) ?? plain;
  } catch {
    return plain;
  }
}

function problemIn(body: unknown): RegistryProblem | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const fields = body as Record<string, unknown>;
  // Token services say it in one field, or in two.
  const first: unknown = Array.isArray(fields['errors']) ? fields['errors'][0] : fields;
  if (typeof first !== 'object' || first === null) return undefined;
  const { code, message, details, error } = first as Record<string, unknown>;
  const text = [message, details, error].filter((value) => typeof value === 'string').find(Boolean);
  if (typeof code !== 'string' && text === undefined) return undefined;
  const word = typeof code === 'string' ? code : '';
  return { code: word, message: (text ?? word.toLowerCase().replaceAll('_', ' ')).slice(0, 1000) };
}

/** Milliseconds that `Retry-After` (RFC 9110, 10.2.3) asks for; undefined when it says nothing that can be read. */
export function retryAfterMs({ headers }: IncomingMessage, now: Date): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
