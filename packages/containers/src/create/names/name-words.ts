/** Words for generated names: what a container may be like, and people who moved science and engineering. */
export const adjectives: readonly string[] = [
  'able agile amber ample apt bold brave breezy bright brisk calm candid careful cheerful clear clever cosmic crisp',
  'curious daring deft eager earnest easy fair fearless fleet fresh gentle glad golden graceful happy hardy honest',
  'humble jolly keen kind lively lucid lucky merry mighty modest neat nimble noble patient placid polite prompt proud',
  'quick quiet ready sharp silent sincere steady stoic sunny swift tidy vivid warm wise witty young zesty',
].flatMap((line) => line.split(' '));

export const surnames: readonly string[] = [
  'abel agnesi allen banach banneker bardeen boole bose bouman cantor carson cerf chandra cohn cori dirac diophantus',
  'elion erdos euler faraday fermi fourier franklin galois gauss germain goldberg haber hamilton herschel hilbert',
  'hodgkin hooke hopper hubble ishikawa joliot kepler kilby kowalevski lagrange lamarr laplace leavitt liskov lovelace',
  'maxwell mcclintock meitner mirzakhani nash newell noether ohm pascal perlman planck ramanujan riemann ritchie',
  'sammet shannon shaw somerville tesla thompson torvalds turing volta wiles wilson wozniak wu yalow yonath',
].flatMap((line) => line.split(' '));
