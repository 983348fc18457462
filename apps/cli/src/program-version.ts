/** The version of this program, equal to the repository's. */
export const programVersion: string = '0.1.0';
