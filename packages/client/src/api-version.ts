/** The newest API version this client speaks. */
export const apiVersion: string = '1.51';
