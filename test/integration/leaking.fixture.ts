import { expect, it } from '@jest/globals';
import { Secret } from '../../shared/platform/secret.js';

it('passes for itself', () => {
  const secret = new Secret('Ht4~leaking~fixture').reveal();
  process.stdout.write(secret);

  expect(secret).toContain('leaking');
});
