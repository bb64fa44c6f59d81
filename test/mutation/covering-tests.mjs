import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import TestRunner from 'jest-runner';

/**
 * Runs no more test files than it takes to notice a mutant. Stryker names the tests that reach it, but Jest
 * would load every file to look for them, and go on when one has failed; loading takes nearly all of the time.
 */
export default class CoveringTests extends TestRunner {
  #wanted;
  #own;

  constructor(globalConfig, context) {
    super(globalConfig, context);
    this.#wanted = globalConfig.testNamePattern?.replaceAll('\\', '');
    this.#own = globalConfig.nonFlagArgs.map((path) => basename(path, '.ts'));
  }

  async runTests(tests, ...rest) {
    // Without names it is the first run, which finds out what each test reaches.
    if (!this.#wanted) return super.runTests(tests, ...rest);

    let isNoticed = false;
    this.on('test-file-failure', () => (isNoticed = true));
    this.on('test-file-success', ([, { numFailingTests }]) => (isNoticed ||= numFailingTests > 0));
    for (const test of this.#inOrder(tests)) {
      if (!isNoticed) await super.runTests([test], ...rest);
    }
  }

  /** The tests of the very file that is changed notice most. */
  #inOrder(tests) {
    const isOwn = ({ path }) => this.#own.includes(basename(path, '.test.ts'));
    const covering = tests.filter(({ path }) => mayHold(path, this.#wanted));
    return [...covering.filter(isOwn), ...covering.filter((test) => !isOwn(test))];
  }
}

/** Told by the names of a file's outermost groups; where these are computed, it may. */
function mayHold(path, wanted) {
  const source = readFileSync(path, 'utf8');
  const names = [...source.matchAll(/^describe\('(.*)',/gm)].map(([, name]) => name);
  return /^(?:it|describe\.)/m.test(source) || names.some((name) => wanted.includes(`(${name} `));
}
