import { describe, expect, it } from '@jest/globals';
import { get } from 'node:http';

describe('a test', () => {
  it('cannot connect to another machine', async () => {
    const connecting = new Promise((resolve, reject) => {
      get('http://192.0.2.1/', resolve).on('error', reject);
    });

    await expect(connecting).rejects.toThrow('must not connect to 192.0.2.1');
  });

  it('cannot reach one by its name either', async () => {
    await expect(fetch('http://service.example/')).rejects.toMatchObject({
      cause: { message: 'A test must not connect to service.example' },
    });
  });
});
