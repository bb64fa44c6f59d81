import { channel } from 'node:diagnostics_channel';

export interface Traffic {
  readonly url: string;
  readonly body: string;
}

/** What a proxy lets through to a table or a queue. */
export const trafficChannel = 'test:traffic';

export function announceTraffic(traffic: Traffic): void {
  channel(trafficChannel).publish(traffic);
}
