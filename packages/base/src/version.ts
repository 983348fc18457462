/** Gantry's version; `package.json` of the repository says the same. */
export const gantryVersion = '0.1.0';

/** Put in the place of the name when the daemon is bundled; JSON. */
declare const GANTRY_BUILD: string | undefined;

/** From which sources this program was built, and when (RFC 3339): what is known of it, and nothing where the sources run themselves. */
export function buildFacts(): { GitCommit?: string; BuildTime?: string } {
  return typeof GANTRY_BUILD === 'string' ? (JSON.parse(GANTRY_BUILD) as object) : {};
}
