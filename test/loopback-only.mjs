import { Socket } from 'node:net';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/;
const connect = Socket.prototype.connect;

/** A test that reaches for another machine fails, instead of depending on it. */
Socket.prototype.connect = function connectOnLoopback(...args) {
  // Node itself hands the normalised arguments over as one array.
  const [target, host] = Array.isArray(args[0]) ? args[0] : args;
  const address = typeof target === 'object' ? target.host : host;
  const isLocal = typeof target === 'object' && target.path !== undefined && address === undefined;
  if (!isLocal && address !== undefined && !loopback.test(address)) {
    throw new Error(`A test must not connect to ${address}`);
  }
  return connect.apply(this, args);
};
