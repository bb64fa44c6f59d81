import { describe, expect, it } from '@jest/globals';
import { refuseTokens } from '../../../shared/callers/token-identity.js';
import { Secret } from '../../../shared/platform/secret.js';

describe('refuseTokens()', () => {
  it('says which setting is missing', async () => {
    const signal = new AbortController().signal;

    await expect(refuseTokens(new Secret('x'), signal)).rejects.toMatchObject({
      code: 'Unauthorized',
      message: 'Bearer tokens are not set up: API_CLIENT_ID is missing',
    });
  });
});
