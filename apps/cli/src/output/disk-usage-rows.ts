import type { ContainerSummary, ImageSummary, SystemDataUsageResponse, Volume } from '@gantry/api-types';
import { formatSize } from '@gantry/terminal';
import type { ListView, Row } from './list-output.ts';

/** `gantry system df`: a row for each kind of object. */
export const diskUsageView: ListView = {
  quietField: 'Type',
  typeName: '*formatter.diskUsageImagesContext',
  raw: { type: 'Type', total: 'TotalCount', active: 'Active', size: 'Size', reclaimable: 'Reclaimable' },
  columns: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
  headings: {
    Active: 'ACTIVE',
    Reclaimable: 'RECLAIMABLE',
    Size: 'SIZE',
    TotalCount: 'TOTAL',
    Type: 'TYPE',
  },
};

/** What each kind takes and how much of that a prune would give back, by Docker's reckoning. */
export function diskUsageRows(usage: SystemDataUsageResponse): Row[] {
  const cache = usage.BuildCache ?? [];
  const cacheBytes = sum(cache.map(({ Size = 0 }) => Size));
  const idleCacheBytes = sum(cache.map(({ Size = 0, InUse }) => (InUse ? 0 : Size)));
  return [
    imagesRow(usage.Images ?? [], usage.LayersSize ?? 0),
    containersRow(usage.Containers ?? []),
    volumesRow(usage.Volumes ?? []),
    {
      Active: String(cache.filter(({ InUse }) => InUse).length),
      Reclaimable: formatSize(idleCacheBytes, 4),
      Size: formatSize(cacheBytes, 4),
      TotalCount: String(cache.length),
      Type: 'Build Cache',
    },
  ];
}

function imagesRow(images: readonly ImageSummary[], layersBytes: number): Row {
  const used = images.filter(({ Containers }) => Containers !== 0);
  const usedBytes = sum(
    used.map(({ Size, SharedSize }) => (Size === -1 || SharedSize === -1 ? 0 : Size - SharedSize)),
  );
  const active = images.filter(({ Containers }) => Containers > 0).length;
  return row('Images', { total: images.length, active }, layersBytes, layersBytes - usedBytes);
}

function containersRow(containers: readonly ContainerSummary[]): Row {
  const isActive = ({ State }: ContainerSummary): boolean =>
    ['running', 'paused', 'restarting'].includes(State ?? '');
  const bytesOf = (list: readonly ContainerSummary[]): number => sum(list.map(({ SizeRw }) => SizeRw ?? 0));
  const idle = containers.filter((container) => !isActive(container));
  const counts = { total: containers.length, active: containers.length - idle.length };
  return row('Containers', counts, bytesOf(containers), bytesOf(idle));
}

function volumesRow(volumes: readonly Volume[]): Row {
  const bytesOf = (list: readonly Volume[]): number =>
    sum(list.map(({ UsageData }) => Math.max(0, UsageData?.Size ?? 0)));
  const idle = volumes.filter(({ UsageData }) => UsageData?.RefCount === 0);
  const counts = { total: volumes.length, active: volumes.length - idle.length };
  return row('Local Volumes', counts, bytesOf(volumes), bytesOf(idle));
}

function row(
  type: string,
  { total, active }: { total: number; active: number },
  bytes: number,
  reclaimable: number,
): Row {
  const share = bytes > 0 ? ` (${Math.trunc((reclaimable * 100) / bytes)}%)` : '';
  return {
    Active: String(active),
    Reclaimable: `${formatSize(reclaimable, 4)}${share}`,
    Size: formatSize(bytes, 4),
    TotalCount: String(total),
    Type: type,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
