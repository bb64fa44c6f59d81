import { Stryker } from '@stryker-mutator/core';
import { mkdir, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import jest from '../../jest.config.mjs';

const cores = ['audit', 'callers', 'delivery', 'password-reset', 'bulk-reset'];
const folder = '.local/stryker';
const breakBelow = 85;

const usage = `Usage: npm run mutate -- [CORE...]

Changes the cores (${cores.join(', ')}) in one small way after the other, and finds out
whether their unit tests notice. What they do not is listed in ${folder}/survivors.txt.`;

/** Whether the unit tests of a core notice when it changes. */
function optionsFor(core) {
  return {
    mutate: [`shared/${core}/**/*.ts`],
    testRunner: 'jest',
    testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
    jest: {
      config: {
        ...jest,
        // A core is held by its own tests. Property tests are left out: a mutant's fate must not hang on a seed.
        testMatch: [`<rootDir>/test/unit/${core}/**/*.test.ts`],
        testPathIgnorePatterns: ['/node_modules/', '\\.property\\.test\\.ts$'],
        // Nothing here runs the built app.
        globalSetup: null,
        setupFilesAfterEnv: [],
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
    tempDirName: `${folder}/sandboxes`,
    incremental: true,
    incrementalFile: `${folder}/${core}.json`,
    reporters: ['progress-append-only', 'html'],
    htmlReporter: { fileName: `${folder}/${core}.html` },
    thresholds: { high: 95, low: breakBelow, break: breakBelow },
  };
}

function scoreOf(mutants) {
  const count = (...wanted) => mutants.filter(({ status }) => wanted.includes(status)).length;
  const noticed = count('Killed', 'Timeout');
  const unnoticed = count('Survived', 'NoCoverage');
  const score = (100 * noticed) / (noticed + unnoticed);
  return `${score.toFixed(1)} % of ${noticed + unnoticed} mutants noticed`;
}

function survivorsAmong(mutants) {
  return mutants
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ fileName, location, status, mutatorName, replacement }) => {
      const { line, column } = location.start;
      return `${relative('.', fileName)}:${line}:${column} ${status} ${mutatorName}: ${replacement}`;
    });
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean' } },
});
const unknown = positionals.find((core) => !cores.includes(core));
if (values.help || unknown !== undefined) {
  console.log(usage);
  process.exit(values.help ? 0 : 1);
}

const all = [];
const scores = [];
for (const core of positionals.length > 0 ? positionals : cores) {
  const mutants = await new Stryker(optionsFor(core)).runMutationTest();
  all.push(...mutants);
  scores.push(`${core}: ${scoreOf(mutants)}`);
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/survivors.txt`, `${survivorsAmong(all).join('\n')}\n`);
}
console.log([...scores, `all: ${scoreOf(all)}`].join('\n'));
console.log(`Those that nobody noticed: ${folder}/survivors.txt`);
