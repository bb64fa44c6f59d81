import { password, signInName } from './guard.js';
import type { Seen } from './sinks.js';
import type { Tap } from './taps.js';

export interface FetchTap {
  /** Whether a server is one whose answers are watched. */
  readonly isWatched: (origin: string) => boolean;
  readonly onSecret: (kind: string, value: string) => void;
  readonly onAnswer: (answer: Promise<Seen>) => void;
}

/** Guards what is sent to the API, and watches what it answers. */
export function tapFetch({ isWatched, onSecret, onAnswer }: FetchTap): Tap {
  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const request = new URL(input instanceof Request ? input.url : input);
    if (!isWatched(request.origin)) return send(input, init);
    for (const [kind, value] of secretsIn(init ?? {})) onSecret(kind, value);
    const response = await send(input, init);
    onAnswer(read(response.clone(), `${init?.method ?? 'GET'} ${request.pathname}`));
    return response;
  };
  return () => void (globalThis.fetch = send);
}

function* secretsIn({ headers, body }: RequestInit): Generator<[kind: string, value: string]> {
  const sent = new Headers(headers);
  for (const name of ['x-api-key', 'x-functions-key', 'authorization']) {
    const value = sent.get(name)?.replace(/^bearer /i, '');
    if (value) yield ['API key or token', value];
  }
  if (typeof body !== 'string') return;
  // The body may be damaged on purpose.
  for (const [, name, text] of body.matchAll(/"(password|user)"\s*:\s*("(?:[^"\\]|\\.)*")/g)) {
    const value = unquote(text ?? '');
    if (name === 'password') yield [password, value];
    else if (value.includes('@')) yield [signInName, value];
  }
}

function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}

/** The answers that are there to show a password to whoever may read it. */
const reveals = [
  /^POST \/api\/password-resets$/,
  /^GET \/api\/password-resets\/[^/]+\/result$/,
  /^GET \/api\/bulk-resets\/[^/]+\/(?:result|rows)$/,
  /^POST \/api\/reveal\/[^/]+$/,
];

async function read(response: Response, request: string): Promise<Seen> {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
  const isMeant = response.ok && reveals.some((pattern) => pattern.test(request));
  return {
    sink: `answer to ${request.replaceAll(/[\da-f-]{30,}/g, '{id}')}`,
    text: [...headers, body].join('\n'),
    allowed: isMeant ? [password] : [],
  };
}
