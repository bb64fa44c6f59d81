import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Chromium, as the system has it; it asks no other machine for anything. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly object[] }[];
  readonly incomplete: AxeResults['violations'];
}

/**
 * What keeps people from using the page, as far as a program can tell. The page must be in a context with
 * `bypassCSP`.
 */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations, incomplete } = await page.evaluate<AxeResults>('axe.run()');
  return [...violations, ...incomplete].map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes)}`);
}
