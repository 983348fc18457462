import { encodeTarHeader, readTar, tarEnd, tarPadding, tarStoredBytes } from '@gantry/oci';

/** A layer tar in which nothing is younger than a time, nor says when it was read or changed. Equal but for times: equal bytes. */
export async function* rewriteTimes(
  archive: AsyncIterable<Uint8Array>,
  latestSeconds: number,
): AsyncGenerator<Uint8Array, void, void> {
  const latestNs = BigInt(latestSeconds) * 1_000_000_000n;
  for await (const { entry, content } of readTar(archive)) {
    const mtimeNs = entry.mtimeNs > latestNs ? latestNs : entry.mtimeNs;
    yield encodeTarHeader({ ...entry, mtimeNs, atimeNs: undefined, ctimeNs: undefined });
    yield* content;
    yield tarPadding(tarStoredBytes(entry));
  }
  yield tarEnd;
}
