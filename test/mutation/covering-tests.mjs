import { readFileSync } from 'node:fs';
import TestRunner from 'jest-runner';

/**
 * Leaves out the files that have none of the tests to run. Stryker names the tests that reach a mutant,
 * but jest would load every file to look for them, and that takes most of the time.
 */
export default class CoveringTests extends TestRunner {
  #wanted;

  constructor(globalConfig, context) {
    super(globalConfig, context);
    this.#wanted = globalConfig.testNamePattern?.replaceAll('\\', '');
  }

  runTests(tests, ...rest) {
    return super.runTests(
      tests.filter(({ path }) => !this.#wanted || mayHold(path, this.#wanted)),
      ...rest,
    );
  }
}

/** Told by the names of a file's outermost groups; where these are computed, it may. */
function mayHold(path, wanted) {
  const source = readFileSync(path, 'utf8');
  const names = [...source.matchAll(/^describe\('(.*)',/gm)].map(([, name]) => name);
  return /^(?:it|describe\.)/m.test(source) || names.some((name) => wanted.includes(`(${name} `));
}
