/** What this program asks of an HTTP client; node-fetch satisfies it. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** A redirect is an answer like any other; nothing here is ever sent elsewhere. */
  readonly redirect: 'manual';
  /** Most bytes of a reply that are read; reading more than these rejects. */
  readonly size: number;
  readonly signal: AbortSignal;
}

export interface FetchResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/**
 * How long the other side asks to wait: `Retry-After` in seconds or as an HTTP date.
 * A date in the past is no wait; text that is neither is no wish at all.
 */
export function parseRetryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Za-z]{3,9},/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
