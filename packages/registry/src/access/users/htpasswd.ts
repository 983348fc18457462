/** Names of users with the bcrypt hashes of their passwords. */
export type Htpasswd = ReadonlyMap<string, string>;

const bcryptHash = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const nameOfUser = /^[A-Za-z0-9][\w.@-]{0,127}$/;
/** A sign-in of cost 14 takes a second. */
const maxCost = 14;

/**
 * Reads Apache's htpasswd, a `name:hash` a line. Throws `Error` with the line for a hash that is not bcrypt (made with
 * `htpasswd -B`, or by `gantry registry user add`), for one that would take seconds to check, and for a name that occurs twice
 * or cannot be one.
 */
export function parseHtpasswd(content: string): Htpasswd {
  const users = new Map<string, string>();
  for (const [index, line] of content.split('\n').entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const [name, hash] = readLine(text, index + 1);
    if (users.has(name)) throw new Error(`line ${index + 1}: user ${name} is there twice`);
    users.set(name, hash);
  }
  return users;
}

/** The file's text for the users, in order of name. */
export function formatHtpasswd(users: Htpasswd): string {
  const sorted = [...users].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return sorted.map(([name, hash]) => `${name}:${hash}\n`).join('');
}

export function isUserName(name: string): boolean {
  return nameOfUser.test(name);
}

function readLine(text: string, number: number): [name: string, hash: string] {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0));
  const hash = text.slice(colon + 1);
  if (!isUserName(name))
    throw new Error(`line ${number}: not "name:hash" with a name of letters, digits and . _ @ -`);
  const cost = bcryptHash.exec(hash)?.[1];
  if (cost === undefined) {
    throw new Error(`line ${number}: the password of ${name} is not a bcrypt hash (htpasswd -B makes one)`);
  }
  if (Number(cost) < 4 || Number(cost) > maxCost) {
    throw new Error(`line ${number}: the hash of ${name} has cost ${cost}; it must be from 4 to ${maxCost}`);
  }
  return [name, hash];
}
