import { afterAll, expect } from '@jest/globals';

const { testPath = '' } = expect.getState();

// Unit tests and simulations touch nothing that the net could watch.
if (/[\\/]test[\\/](?:integration|e2e)[\\/]/.test(testPath)) {
  const { startLeakNet } = await import('./leak-net.js');
  const net = startLeakNet();

  afterAll(async () => {
    const leaks = await net.stop();
    if (leaks.length === 0) return;
    const table = leaks.map(({ sink, kind, encoding }) => `  ${sink}: ${kind}, ${encoding}`);
    throw new Error(`Secrets were found where they do not belong:\n${table.join('\n')}`);
  });
}
