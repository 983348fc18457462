/** `pb`. The parts of LLB, BuildKit's graph, that clients of a Dockerfile build send or are sent. Made by scripts/generate-messages.ts, not by hand. */

import type { MessageType } from '../protobuf/message-type.ts';

export interface Platform {
  architecture: string;
  os: string;
  variant: string;
  osVersion: string;
  osFeatures: string[];
}
export const Platform: MessageType<Platform> = {
  name: 'pb.Platform',
  fields: [
    { number: 1, name: 'architecture', kind: 'string' },
    { number: 2, name: 'os', kind: 'string' },
    { number: 3, name: 'variant', kind: 'string' },
    { number: 4, name: 'osVersion', kind: 'string' },
    { number: 5, name: 'osFeatures', kind: 'string', repeated: true },
  ],
};

/** One vertex of a graph. */
export interface Op {
  inputs: Input[];
  /** Of these only the name is of interest. */
  exec: Uint8Array | undefined;
  source: SourceOp | undefined;
  file: Uint8Array | undefined;
  build: Uint8Array | undefined;
  merge: Uint8Array | undefined;
  diff: Uint8Array | undefined;
  platform: Platform | undefined;
}
export const Op: MessageType<Op> = {
  name: 'pb.Op',
  fields: [
    { number: 1, name: 'inputs', kind: () => Input, repeated: true },
    { number: 2, name: 'exec', kind: 'bytes', optional: true },
    { number: 3, name: 'source', kind: () => SourceOp, optional: true },
    { number: 4, name: 'file', kind: 'bytes', optional: true },
    { number: 5, name: 'build', kind: 'bytes', optional: true },
    { number: 6, name: 'merge', kind: 'bytes', optional: true },
    { number: 7, name: 'diff', kind: 'bytes', optional: true },
    { number: 10, name: 'platform', kind: () => Platform },
  ],
};

/** The edge to the vertex of another digest. */
export interface Input {
  digest: string;
  index: number;
}
export const Input: MessageType<Input> = {
  name: 'pb.Input',
  fields: [
    { number: 1, name: 'digest', kind: 'string' },
    { number: 2, name: 'index', kind: 'safe-int64' },
  ],
};

/** Where files come from: `local://`, `docker-image://`, `git://`, `https://`, `oci-layout://`. */
export interface SourceOp {
  identifier: string;
  attrs: Map<string, string>;
}
export const SourceOp: MessageType<SourceOp> = {
  name: 'pb.SourceOp',
  fields: [
    { number: 1, name: 'identifier', kind: 'string' },
    { number: 2, name: 'attrs', kind: 'string', mapKey: 'string' },
  ],
};

export interface ProgressGroup {
  id: string;
  name: string;
  weak: boolean;
}
export const ProgressGroup: MessageType<ProgressGroup> = {
  name: 'pb.ProgressGroup',
  fields: [
    { number: 1, name: 'id', kind: 'string' },
    { number: 2, name: 'name', kind: 'string' },
    { number: 3, name: 'weak', kind: 'bool' },
  ],
};

export interface OpMetadata {
  ignoreCache: boolean;
  description: Map<string, string>;
  caps: Map<string, boolean>;
  progressGroup: ProgressGroup | undefined;
}
export const OpMetadata: MessageType<OpMetadata> = {
  name: 'pb.OpMetadata',
  fields: [
    { number: 1, name: 'ignoreCache', kind: 'bool' },
    { number: 2, name: 'description', kind: 'string', mapKey: 'string' },
    { number: 5, name: 'caps', kind: 'bool', mapKey: 'string' },
    { number: 6, name: 'progressGroup', kind: () => ProgressGroup },
  ],
};

/** A graph: each `def` is an encoded Op. */
export interface Definition {
  def: Uint8Array[];
  metadata: Map<string, OpMetadata>;
  source: Source | undefined;
}
export const Definition: MessageType<Definition> = {
  name: 'pb.Definition',
  fields: [
    { number: 1, name: 'def', kind: 'bytes', repeated: true },
    { number: 2, name: 'metadata', kind: () => OpMetadata, mapKey: 'string' },
    { number: 3, name: 'source', kind: () => Source },
  ],
};

/** From which lines of which files the vertexes of a graph come. */
export interface Source {
  locations: Map<string, Locations>;
  infos: SourceInfo[];
}
export const Source: MessageType<Source> = {
  name: 'pb.Source',
  fields: [
    { number: 1, name: 'locations', kind: () => Locations, mapKey: 'string' },
    { number: 2, name: 'infos', kind: () => SourceInfo, repeated: true },
  ],
};

export interface Locations {
  locations: Location[];
}
export const Locations: MessageType<Locations> = {
  name: 'pb.Locations',
  fields: [{ number: 1, name: 'locations', kind: () => Location, repeated: true }],
};

export interface Location {
  sourceIndex: number;
  ranges: Range[];
}
export const Location: MessageType<Location> = {
  name: 'pb.Location',
  fields: [
    { number: 1, name: 'sourceIndex', kind: 'int32' },
    { number: 2, name: 'ranges', kind: () => Range, repeated: true },
  ],
};

/** A file that instructions stand in, whole. */
export interface SourceInfo {
  filename: string;
  data: Uint8Array;
  definition: Definition | undefined;
  language: string;
}
export const SourceInfo: MessageType<SourceInfo> = {
  name: 'pb.SourceInfo',
  fields: [
    { number: 1, name: 'filename', kind: 'string' },
    { number: 2, name: 'data', kind: 'bytes' },
    { number: 3, name: 'definition', kind: () => Definition },
    { number: 4, name: 'language', kind: 'string' },
  ],
};

export interface Range {
  start: Position | undefined;
  end: Position | undefined;
}
export const Range: MessageType<Range> = {
  name: 'pb.Range',
  fields: [
    { number: 1, name: 'start', kind: () => Position },
    { number: 2, name: 'end', kind: () => Position },
  ],
};

/** Lines count from 1, characters from 0. */
export interface Position {
  line: number;
  character: number;
}
export const Position: MessageType<Position> = {
  name: 'pb.Position',
  fields: [
    { number: 1, name: 'line', kind: 'int32' },
    { number: 2, name: 'character', kind: 'int32' },
  ],
};
