/** `grpc.health.v1`. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { MessageType } from '../protobuf/message-type.ts';

export const ServingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const;

export interface HealthCheckRequest {
  service: string;
}
export const HealthCheckRequest: MessageType<HealthCheckRequest> = {
  name: 'grpc.health.v1.HealthCheckRequest',
  fields: [{ number: 1, name: 'service', kind: 'string' }],
};

export interface HealthCheckResponse {
  status: number;
}
export const HealthCheckResponse: MessageType<HealthCheckResponse> = {
  name: 'grpc.health.v1.HealthCheckResponse',
  fields: [{ number: 1, name: 'status', kind: 'enum' }],
};

/** Whether the other end is alive; clients of a session are asked it, and the daemon is. */
export const Health: {
  check: Method<HealthCheckRequest, HealthCheckResponse, 'unary'>;
  watch: Method<HealthCheckRequest, HealthCheckResponse, 'server-stream'>;
} = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    kind: 'unary',
    request: HealthCheckRequest,
    response: HealthCheckResponse,
  },
  watch: {
    path: '/grpc.health.v1.Health/Watch',
    kind: 'server-stream',
    request: HealthCheckRequest,
    response: HealthCheckResponse,
  },
};
