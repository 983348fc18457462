/** Where gantryd listens when nothing else is said. */
export const defaultSocket: string = '/run/gantry/gantry.sock';
