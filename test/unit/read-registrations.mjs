import Module from 'node:module';
import { argv, stdout } from 'node:process';

/** Loads a built app as the host does, with a core that only writes down, and prints what it registers. */
const registrations = [];
const core = {
  version: '1.0.0',
  hostVersion: '4.0.0',
  Disposable: class {},
  registerFunction: ({ name, bindings }) => registrations.push({ name, bindings }),
  setProgrammingModel: () => undefined,
};
const load = Module.prototype.require;
Module.prototype.require = function require(id) {
  return id === '@azure/functions-core' ? core : load.call(this, id);
};

await import(argv[2]);
stdout.write(JSON.stringify(registrations));
