import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dockerfile, DockerfileError, type Instruction, parseDockerfile } from './index.ts';

function parse(text: string): Dockerfile {
  return parseDockerfile(Buffer.from(text));
}

function inStage(text: string): readonly Instruction[] {
  return parse(`FROM scratch\n${text}`).stages[0]?.instructions ?? [];
}

function only(text: string): Instruction {
  const [instruction, ...more] = inStage(text);
  assert.equal(more.length, 0);
  assert.ok(instruction);
  return instruction;
}

function pick(instruction: object, ...keys: string[]): object {
  return Object.fromEntries(Object.entries(instruction).filter(([key]) => keys.includes(key)));
}

function refused(text: string, message: string | RegExp, line?: number): void {
  assert.throws(
    () => parse(text),
    (error) => {
      assert.ok(error instanceof DockerfileError, String(error));
      if (typeof message === 'string') assert.equal(error.message.replace(/^.*? on line \d+: /, ''), message);
      else assert.match(error.message, message);
      if (line !== undefined) assert.equal(error.lines.first, line);
      return true;
    },
    text,
  );
}

test('parts a file into global arguments and stages', () => {
  const file = parse(
    'ARG TAG=1\nFROM --platform=$BUILDPLATFORM base:${TAG} AS Build\nRUN make\nfrom scratch\nCOPY --from=build /a /b',
  );
  assert.deepEqual(
    file.globalArguments.map(({ arguments: list }) => list),
    [[{ key: 'TAG', value: '1' }]],
  );
  assert.deepEqual(
    file.stages.map(({ index, from }) => [index, from.base, from.stageName, from.writtenName, from.platform]),
    [
      [0, 'base:${TAG}', 'build', 'Build', '$BUILDPLATFORM'],
      [1, 'scratch', '', '', ''],
    ],
  );
  assert.deepEqual(
    file.stages.map(({ instructions }) => instructions.map(({ name }) => name)),
    [['RUN'], ['COPY']],
  );
});

test('joins continued lines, passes comments and blank lines within them, and says which lines a statement has', () => {
  const [run, env] = inStage('RUN a \\\n# no part of it\n\n   && b \\  \n  && c\n\nENV x=1');
  assert.ok(run?.name === 'RUN');
  assert.deepEqual(run.words, ['a    && b   && c']);
  assert.deepEqual(run.lines, { first: 2, last: 6 });
  assert.deepEqual(env?.lines, { first: 8, last: 8 });
});

test('an escaped escape character continues no line', () => {
  const [run, second] = inStage('RUN echo a\\\\\nRUN b');
  assert.deepEqual(run?.name === 'RUN' && run.words, ['echo a\\\\']);
  assert.equal(second?.name, 'RUN');
});

test('reads directives at the top, and nowhere else', () => {
  const { directives } = parse(
    '# Syntax = docker/dockerfile:1\n#escape=`\n# check=skip=all\nFROM scratch\nRUN a `\n b',
  );
  assert.deepEqual(directives, {
    syntax: 'docker/dockerfile:1',
    escape: '`',
    check: 'skip=all',
    lineCount: 3,
  });
  assert.equal(parse('# a comment\n# escape=`\nFROM scratch').directives.escape, '\\');
  assert.equal(parse('\n# escape=`\nFROM scratch').directives.escape, '\\');
  assert.equal(parse('# unknown=1\n# escape=`\nFROM scratch').directives.escape, '\\');
  refused('# escape=`\n# escape=`\nFROM scratch', 'only one escape parser directive can be used', 2);
  refused('# escape=x\nFROM scratch', "invalid escape token 'x' does not match ` or \\", 1);
});

test('reads files with a byte order mark, carriage returns and leading blanks', () => {
  const file = parse('\ufeffFROM scratch\r\n\t RUN a \\\r\n b\r\n');
  assert.deepEqual(pick(file.stages[0]?.instructions[0] ?? {}, 'words'), { words: ['a  b'] });
});

test('tells the shell form from the JSON form, and takes a broken JSON list for a shell command', () => {
  assert.deepEqual(pick(only('CMD ["a", "b c"]'), 'words', 'shell'), { words: ['a', 'b c'], shell: false });
  assert.deepEqual(pick(only("CMD ['a']"), 'words', 'shell'), { words: ["['a']"], shell: true });
  assert.deepEqual(pick(only('ENTRYPOINT []'), 'words', 'shell'), { words: [], shell: false });
  assert.deepEqual(pick(only('CMD [ -e /x ] && true'), 'shell'), { shell: true });
  refused(
    'FROM scratch\nCMD ["a", 1]',
    'when using JSON array syntax, arrays must be comprised of strings only',
  );
});

test('reads heredocs with their delimiters, quotes and tabs', () => {
  const run = only('RUN <<EOF cat <<-"X Y" 3<<Z\n$a\nEOF\n\tb\n\tX Y\nc\nZ');
  assert.ok(run.name === 'RUN');
  assert.deepEqual(run.heredocs, [
    { name: 'EOF', content: '$a\n', expand: true, stripTabs: false, fileDescriptor: 0 },
    { name: 'X Y', content: '\tb\n', expand: false, stripTabs: true, fileDescriptor: 0 },
    { name: 'Z', content: 'c\n', expand: true, stripTabs: false, fileDescriptor: 3 },
  ]);
  assert.deepEqual(run.lines, { first: 2, last: 8 });
  const copy = only("COPY a <<one.txt <<'two.txt' /dest/\n1\none.txt\n2\ntwo.txt");
  assert.ok(copy.name === 'COPY');
  assert.deepEqual(copy.sources, ['a']);
  assert.deepEqual(
    copy.heredocs.map(({ name, content, expand }) => [name, content, expand]),
    [
      ['one.txt', '1\n', true],
      ['two.txt', '2\n', false],
    ],
  );
  refused('FROM scratch\nRUN <<EOF\na', 'unterminated heredoc', 2);
  refused('FROM scratch\nCOPY a <<EOF\nx\nEOF', 'COPY cannot accept a heredoc as a destination');
});

test('takes << in quotes, in the JSON form and elsewhere for what it is', () => {
  assert.deepEqual(pick(only("RUN echo '<<EOF'"), 'heredocs'), { heredocs: [] });
  assert.deepEqual(pick(only('RUN ["echo", "<<EOF"]'), 'heredocs'), { heredocs: [] });
  assert.deepEqual(pick(only('RUN cat <<<EOF'), 'heredocs'), { heredocs: [] });
  assert.deepEqual(pick(only('RUN echo $((1<<2))'), 'heredocs'), { heredocs: [] });
  assert.equal(only('CMD cat <<EOF').name, 'CMD');
});

test('keeps the heredocs of a trigger', () => {
  const trigger = only('ONBUILD RUN <<EOF\na\nEOF');
  assert.deepEqual(pick(trigger, 'trigger'), { trigger: 'RUN <<EOF\na\nEOF' });
  refused('FROM scratch\nONBUILD ONBUILD RUN a', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  refused('FROM scratch\nonbuild from a', "FROM isn't allowed as an ONBUILD trigger");
});

test('reads the flags of COPY and ADD', () => {
  const copy = only(
    'COPY --from=x --chown="a b":c --chmod=u+x --link --parents=false --exclude=*.md --exclude=b s d/',
  );
  assert.deepEqual(
    pick(copy, 'from', 'chown', 'chmod', 'link', 'parents', 'exclude', 'sources', 'destination'),
    {
      from: 'x',
      chown: 'a b:c',
      chmod: 'u+x',
      link: true,
      parents: false,
      exclude: ['*.md', 'b'],
      sources: ['s'],
      destination: 'd/',
    },
  );
  const add = only('ADD --keep-git-dir --checksum=sha256:00 --unpack=false ["a b", "/x y/"]');
  assert.deepEqual(pick(add, 'keepGitDir', 'checksum', 'unpack', 'sources', 'destination'), {
    keepGitDir: true,
    checksum: 'sha256:00',
    unpack: false,
    sources: ['a b'],
    destination: '/x y/',
  });
  assert.deepEqual(pick(only('ADD a b'), 'keepGitDir', 'unpack'), {});
});

test('reads the flags of RUN', () => {
  const run = only(
    'RUN --mount=type=cache,target=/c --mount=type=bind,target=/b --network=none --security=insecure --device=v/c=d,required make -- --x',
  );
  assert.ok(run.name === 'RUN');
  assert.deepEqual(run.mounts, ['type=cache,target=/c', 'type=bind,target=/b']);
  assert.deepEqual([run.network, run.security], ['none', 'insecure']);
  assert.deepEqual(run.devices, [{ deviceName: 'v/c=d', required: true }]);
  assert.deepEqual(run.words, ['make -- --x']);
  assert.deepEqual(pick(only('RUN -- --no-flag'), 'words'), { words: ['--no-flag'] });
});

test('reads pairs, arguments, ports, volumes and single values', () => {
  assert.deepEqual(pick(only('ENV a=1 b="x y" c=\\ z'), 'pairs', 'legacy'), {
    pairs: [
      { key: 'a', value: '1' },
      { key: 'b', value: '"x y"' },
      { key: 'c', value: '\\ z' },
    ],
    legacy: false,
  });
  assert.deepEqual(pick(only('ENV a  b c=d '), 'pairs', 'legacy'), {
    pairs: [{ key: 'a', value: 'b c=d' }],
    legacy: true,
  });
  assert.deepEqual(pick(only('ARG a b= c="x y"'), 'arguments'), {
    arguments: [{ key: 'a' }, { key: 'b', value: '' }, { key: 'c', value: '"x y"' }],
  });
  assert.deepEqual(pick(only('EXPOSE 80 443/udp 70'), 'ports'), { ports: ['443/udp', '70', '80'] });
  assert.deepEqual(pick(only('VOLUME ["/a b"]'), 'volumes'), { volumes: ['/a b'] });
  assert.deepEqual(pick(only('VOLUME /a /b'), 'volumes'), { volumes: ['/a', '/b'] });
  assert.deepEqual(pick(only('WORKDIR /a b'), 'path'), { path: '/a b' });
  assert.deepEqual(pick(only('SHELL ["/bin/sh", "-c"]'), 'shell'), { shell: ['/bin/sh', '-c'] });
  assert.deepEqual(pick(only('MAINTAINER A <b@c>'), 'maintainer'), { maintainer: 'A <b@c>' });
});

test('reads health checks', () => {
  const full =
    'HEALTHCHECK --interval=1m30s --timeout=3s --start-period=1s --start-interval=1s --retries=3 CMD curl x';
  assert.deepEqual(pick(only(full), 'healthcheck'), {
    healthcheck: {
      Test: ['CMD-SHELL', 'curl x'],
      Interval: 90e9,
      Timeout: 3e9,
      StartPeriod: 1e9,
      StartInterval: 1e9,
      Retries: 3,
    },
  });
  assert.deepEqual(pick(only('HEALTHCHECK none'), 'healthcheck'), { healthcheck: { Test: ['NONE'] } });
  assert.deepEqual(pick(only('HEALTHCHECK CMD ["a"]'), 'healthcheck'), {
    healthcheck: { Test: ['CMD', 'a'] },
  });
});

test('refuses what is wrong in the words of BuildKit, with its line', () => {
  const cases: [string, string, number?][] = [
    ['', 'the Dockerfile cannot be empty'],
    ['# only a comment', 'file with no instructions'],
    ['RUN a', 'no build stage in current context', 1],
    ['FROM a b c d', 'FROM requires either one or three arguments'],
    [
      'FROM a AS 1b',
      'invalid name for build stage: "1b", name can\'t start with a number or contain symbols',
    ],
    ['FROM scratch\n\nFRO x', 'unknown instruction: FRO (did you mean FROM?)', 3],
    ['FROM scratch\nNONSENSE', 'unknown instruction: NONSENSE'],
    ['FROM scratch\nconstructor x', 'unknown instruction: constructor'],
    ['FROM scratch\nCOPY --form=a b c', 'unknown flag: --form (did you mean from?)'],
    ['FROM scratch\nCOPY --from b c', 'missing a value on flag: --from'],
    ['FROM scratch\nCOPY --link=maybe b c', 'expecting boolean value for flag --link, not: maybe'],
    ['FROM scratch\nCOPY --chown=a --chown=b c d', 'duplicate flag specified: --chown'],
    ['FROM scratch\nENV --a b=c', 'unknown flag: --a'],
    [
      'FROM scratch\nCOPY a',
      'COPY requires at least two arguments, but only one was provided. Destination could not be determined',
    ],
    ['FROM scratch\nENV a', 'ENV must have two arguments'],
    ['FROM scratch\nENV', 'ENV requires at least one argument'],
    ['FROM scratch\nENV =b', 'ENV names can not be blank'],
    ['FROM scratch\nENV a=b c', `Syntax error - can't find = in "c". Must be of the form: name=value`],
    ['FROM scratch\nARG =b', 'ARG names can not be blank'],
    ['FROM scratch\nUSER', 'USER requires exactly one argument'],
    ['FROM scratch\nEXPOSE', 'EXPOSE requires at least one argument'],
    ['FROM scratch\nSHELL sh -c', 'SHELL requires the arguments to be in JSON form'],
    ['FROM scratch\nSHELL []', 'SHELL requires at least one argument'],
    ['FROM scratch\nVOLUME ["/a", " "]', 'VOLUME specified can not be an empty string'],
    ['FROM scratch\nHEALTHCHECK', 'HEALTHCHECK requires at least one argument'],
    ['FROM scratch\nHEALTHCHECK X', 'Unknown type "X" in HEALTHCHECK (try CMD)'],
    ['FROM scratch\nHEALTHCHECK CMD', 'Missing command after HEALTHCHECK CMD'],
    ['FROM scratch\nHEALTHCHECK NONE x', 'HEALTHCHECK NONE takes no arguments'],
    ['FROM scratch\nHEALTHCHECK --retries=-1 CMD x', '--retries cannot be negative (-1)'],
    ['FROM scratch\nHEALTHCHECK --interval=1us CMD x', 'Interval "interval" cannot be less than 1ms'],
    ['FROM scratch\nRUN --network=mars x', 'invalid network mode "mars"'],
    ['FROM scratch\nRUN --security=none x', 'security "none" is not valid'],
    [
      'FROM scratch\nRUN --mount=from=$x x',
      "'from' doesn't support variable expansion, define alias stage instead",
    ],
  ];
  for (const [text, message, line] of cases) refused(text, message, line);
});

test('bounds the size of lines and files', () => {
  refused(
    `FROM scratch\nRUN ${'x'.repeat(70_000)}`,
    'dockerfile line greater than max allowed size of 65535',
    2,
  );
  refused(`FROM scratch\n${'# comment\n'.repeat(1_000_000)}`, /the file has \d+ bytes, more than/);
  assert.equal(inStage('RUN a\n'.repeat(100_000)).length, 100_000);
});
