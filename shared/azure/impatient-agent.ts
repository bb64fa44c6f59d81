import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * Keeps sockets open between requests, and ends those on which nothing moves: while they connect, wait
 * for an answer, or receive one. The Azure SDKs would wait as long as the other side pleases.
 */
export function createImpatientAgent({
  isSecure,
  idleMs,
}: {
  readonly isSecure: boolean;
  readonly idleMs: number;
}): HttpAgent {
  const options: AgentOptions = { keepAlive: true, timeout: idleMs };
  const agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (target, onConnected) => endWhenIdle(connect(target, onConnected));
  return agent;
}

/** Node says that a socket is idle, and leaves it to others to end it. */
function endWhenIdle<Socket extends Duplex | null | undefined>(socket: Socket): Socket {
  socket?.once('timeout', () => {
    socket.destroy(Object.assign(new Error('nothing came in time'), { code: 'ETIMEDOUT' }));
  });
  return socket;
}
