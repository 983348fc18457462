import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';

export interface ContainerSize {
  /** Bytes written above the image. */
  SizeRw: number;
  /** With the image's layers. */
  SizeRootFs: number;
}

/** Reads the whole writable layer: asked for by `size=1` only. */
export async function containerSize(
  { ports }: ContainerEnvironment,
  { id, record }: Container,
): Promise<ContainerSize> {
  const [usage, ...layers] = await Promise.all([
    ports.snapshots.usage(id),
    ...record.image.layers.map((diffId) => ports.snapshots.layer(diffId)),
  ]);
  const below = layers.reduce((sum, layer) => sum + (layer?.sizeBytes ?? 0), 0);
  return { SizeRw: usage.sizeBytes, SizeRootFs: usage.sizeBytes + below };
}
