/** Gantry's version; `package.json` of the repository says the same (checked by a test). */
export const gantryVersion = '0.1.0';
