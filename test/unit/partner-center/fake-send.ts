import type { Call, Send } from '../../../shared/partner-center/call.js';
import { toResetError } from '../../../shared/partner-center/to-reset-error.js';

/** Answers call after call with the given replies, read as the call says. */
export function fakeSend(...replies: readonly unknown[]) {
  const calls: Omit<Call<unknown>, 'reply'>[] = [];
  const send: Send = ({ reply, ...call }) => {
    const read = reply.safeParse(replies[calls.length]);
    calls.push(call);
    return read.success
      ? Promise.resolve(read.data)
      : Promise.reject(toResetError({ kind: 'unreadable', status: 200 }, call));
  };
  return { send, calls };
}
