/** `opentelemetry.proto.collector.trace.v1`. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { EmptyMessage, MessageType } from '../protobuf/message-type.ts';

/** Spans of a client, by OpenTelemetry. */
export interface ExportTraceServiceRequest {
  resourceSpans: Uint8Array[];
}
export const ExportTraceServiceRequest: MessageType<ExportTraceServiceRequest> = {
  name: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  fields: [{ number: 1, name: 'resourceSpans', kind: 'bytes', repeated: true }],
};

export type ExportTraceServiceResponse = EmptyMessage;
export const ExportTraceServiceResponse: MessageType<ExportTraceServiceResponse> = {
  name: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse',
  fields: [],
};

export const TraceService: {
  export: Method<ExportTraceServiceRequest, ExportTraceServiceResponse, 'unary'>;
} = {
  export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    kind: 'unary',
    request: ExportTraceServiceRequest,
    response: ExportTraceServiceResponse,
  },
};
