import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '@gantry/dockerfile';
import { parsePlatform } from '@gantry/oci';
import { from, scratch } from './recipe.ts';
import { renderRecipe } from './render-recipe.ts';

test('a recipe is a Dockerfile with a stage for each recipe, once', () => {
  const base = from('mirror/debian:bookworm', { platform: parsePlatform('linux/arm64') });
  const tools = base.run('apt-get update\necho "$HOME"', {
    network: 'host',
    mounts: [{ type: 'cache', target: '/var/cache/apt', sharing: 'locked' }],
  });
  const image = scratch()
    .copy(['/a b', '/c'], '/x/', { from: tools, link: true, chmod: 'u=rw,go=r' })
    .run(['/x/a', '$HOME'], { mounts: [{ type: 'bind', target: '/t', from: tools, source: '/usr' }] })
    .env({ A: 'say "$B" \\' })
    .workdir('/w x')
    .expose(80, '53/udp')
    .volume('/data')
    .shell('/bin/ash', '-c')
    .cmd('echo hi')
    .healthcheck(['true'], { Retries: 3, Interval: 1_000_000_000 });
  const text = renderRecipe(image);
  assert.equal(
    text,
    `FROM --platform=linux/arm64 mirror/debian:bookworm AS recipe-0
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --network=host ["/bin/sh","-c","apt-get update\\necho \\"$HOME\\""]

FROM scratch AS recipe-1
COPY --from=recipe-0 --chmod=u=rw,go=r --link ["/a b","/c","/x/"]
RUN --mount=type=bind,target=/t,from=recipe-0,source=/usr ["/x/a","$HOME"]
ENV A="say \\"\\$B\\" \\\\"
WORKDIR /w x
EXPOSE 80 53/udp
VOLUME ["/data"]
SHELL ["/bin/ash","-c"]
CMD ["/bin/ash","-c","echo hi"]
HEALTHCHECK --interval=1000000000ns --retries=3 CMD ["true"]
`,
  );
  const { stages } = parseDockerfile(Buffer.from(text));
  assert.equal(stages.length, 2);
  const [copy, run] = stages[1]?.instructions ?? [];
  assert.ok(copy?.name === 'COPY' && run?.name === 'RUN');
  assert.deepEqual(run.words, ['/x/a', '$HOME']);
});

test('a recipe stays as it is when another goes on from it', () => {
  const base = scratch().label({ a: '1' });
  const more = base.label({ b: '2' });
  assert.equal(renderRecipe(base), 'FROM scratch AS recipe-0\nLABEL a="1"\n');
  assert.equal(
    renderRecipe(from(more)),
    'FROM scratch AS recipe-0\nLABEL a="1"\nLABEL b="2"\n\nFROM recipe-0 AS recipe-1\n',
  );
});

test('what no Dockerfile can hold is refused', () => {
  assert.throws(() => renderRecipe(scratch().env({ A: 'one\ntwo' })), { code: 'build-invalid' });
  assert.throws(() => renderRecipe(from('a b')), { code: 'build-invalid' });
});
