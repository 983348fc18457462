import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { bounded } from './query.ts';

/** A name of 255 characters, its domain, a tag of 128 and a digest fit well. */
const maxNameLength = 1024;

/** Cuts what follows `/images/` into the image's name, slashes and all, and the operation behind the last slash. */
export function splitImagePath(exchange: Exchange): { name: string; operation: string } {
  const tail = exchange.params['*'] ?? '';
  const slash = tail.lastIndexOf('/');
  if (slash <= 0) return { name: '', operation: '' };
  return { name: imageName(tail.slice(0, slash)), operation: tail.slice(slash + 1) };
}

/** Throws `InvalidRequestError` for what no image can be called. Whether it exists, and its grammar, is for the backend. */
export function imageName(text: string): string {
  if (text === '' || text.length > maxNameLength || /[\u0000-\u0020\u007f]/.test(text)) {
    throw new InvalidRequestError(`invalid reference format: ${JSON.stringify(bounded(text))}`, {
      code: 'bad-reference',
    });
  }
  return text;
}
