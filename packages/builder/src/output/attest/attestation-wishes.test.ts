import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAttestations } from './attestation-wishes.ts';

const read = (attributes: Readonly<Record<string, string>>) =>
  readAttestations(new Map(Object.entries(attributes)));

test('reads what clients ask to be attested', () => {
  assert.deepEqual(read({}), {});
  assert.deepEqual(
    read({ 'attest:provenance': 'mode=max,version=v1,builder-id=https://b,inline-only=true' }),
    {
      provenance: {
        mode: 'max',
        version: 'v1',
        builderId: 'https://b',
        reproducible: false,
        inlineOnly: true,
      },
    },
  );
  assert.deepEqual(read({ 'attest:sbom': 'type=sbom', 'attest:provenance': 'disabled=true' }), {
    sbom: { inlineOnly: false },
  });
});

test('refuses by name what is not built, and what is no value', () => {
  assert.throws(() => read({ 'attest:sbom': 'generator=r.example/scan' }), {
    code: 'build-option-not-built',
    message: /r\.example\/scan/,
  });
  assert.throws(() => read({ 'attest:other': '' }), { message: /'other'/ });
  assert.throws(() => read({ 'attest:provenance': 'mode=all' }), { message: /"all" of 'mode'/ });
  assert.throws(() => read({ 'attest:provenance': 'shiny=1' }), { message: /'shiny'/ });
});
