import { setTimeout as delay } from 'node:timers/promises';

const intervalMs = 100;

/** Asks again until there is an answer; rejects when there is none in time. */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  { withinMs = 20_000 }: { readonly withinMs?: number } = {},
): Promise<T> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadlineMs) throw new Error(`Nothing came within ${withinMs} ms`);
    await delay(intervalMs);
  }
}
