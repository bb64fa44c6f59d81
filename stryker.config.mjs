import jest from './jest.config.mjs';

/**
 * Whether the unit tests notice when the cores change. Left out are the property tests: a mutant's fate
 * must not hang on the seed.
 */
export default {
  mutate: ['shared/{audit,password-reset,bulk-reset,callers,delivery}/**/*.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: {
    config: {
      ...jest,
      testMatch: [
        '<rootDir>/test/unit/{audit,password-reset,bulk-reset,callers,delivery}/**/*.test.ts',
      ],
      testPathIgnorePatterns: ['/node_modules/', '\\.property\\.test\\.ts$'],
      // Nothing here runs the built app.
      globalSetup: null,
      runner: '<rootDir>/test/mutation/covering-tests.mjs',
      // What waits for ever is stopped by Jest, which goes on at once; Stryker would start anew.
      testTimeout: 2_000,
    },
  },
  coverageAnalysis: 'perTest',
  // What runs while a module loads counts for every test: a fifth of the mutants, nearly all of the time.
  ignoreStatic: true,
  plugins: ['@stryker-mutator/jest-runner', './test/mutation/error-messages.mjs'],
  ignorers: ['error-messages'],
  concurrency: 2,
  // For a mutant that loops for ever; a busy machine must not pass for one.
  timeoutMS: 10_000,
  ignorePatterns: ['/.local', '/build', '/dist'],
  tempDirName: '.local/stryker/sandboxes',
  incremental: true,
  incrementalFile: '.local/stryker/incremental.json',
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  jsonReporter: { fileName: '.local/stryker/mutants.json' },
  htmlReporter: { fileName: '.local/stryker/mutants.html' },
  thresholds: { high: 95, low: 85, break: 85 },
};
