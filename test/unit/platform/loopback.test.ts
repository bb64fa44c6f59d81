import { describe, expect, it } from '@jest/globals';
import { isLoopback } from '../../../shared/platform/loopback.js';

describe('isLoopback()', () => {
  it.each([
    'http://127.0.0.1:8080',
    'http://127.1.2.3/path',
    'http://localhost:7071',
    'https://LOCALHOST',
    'http://[::1]:80',
    'http://0x7f.1/',
  ])('holds for %s', (url) => {
    expect(isLoopback(url)).toBe(true);
  });

  it.each([
    'https://login.microsoftonline.com',
    'https://127.0.0.1.example.com',
    'https://localhost.example.com',
    'https://127.example.com',
    'https://example.com/127.0.0.1',
    'https://localhost@example.com',
    'http://128.0.0.1',
    'http://[::2]',
  ])('does not hold for %s', (url) => {
    expect(isLoopback(url)).toBe(false);
  });
});
