/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/{unit,integration,simulation,e2e}/**/*.test.ts'],
  setupFiles: ['<rootDir>/test/loopback-only.mjs'],
  setupFilesAfterEnv: ['<rootDir>/test/leak-net/each-file.ts'],
  globalSetup: '<rootDir>/test/global-setup.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/', '<rootDir>/.local/'],
  // More than there are cores: the slowest tests mostly wait for processes that they started.
  maxWorkers: 3,
  testTimeout: 30_000,
};
