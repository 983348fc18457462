/**
 * A test option: leaves a test with a docker CLI older than 28 out, for it asks what only that one knows. What is left out
 * fails CI. The runner of the tests looks which docker there is.
 */
export function needsDocker28(program: 'gantry' | 'docker'): { skip: string | false } {
  const old = process.env['GANTRY_OLD_DOCKER'];
  return { skip: program === 'docker' && old !== undefined && `needs the docker CLI 28, here is ${old}` };
}
