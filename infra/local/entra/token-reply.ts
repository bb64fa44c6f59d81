import { jsonReply, type LoopbackReply } from '../loopback-server.js';

/** What the grants are handed of a request. */
export interface TokenRequest {
  readonly authority: string;
  /** As in the path: a GUID or a domain. */
  readonly tenant: string;
  readonly form: URLSearchParams;
  /** The header. */
  readonly authorization: string | undefined;
}

export function tokenReply(body: Readonly<Record<string, unknown>>): LoopbackReply {
  return jsonReply(
    200,
    { token_type: 'Bearer', ...body },
    { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' },
  );
}
