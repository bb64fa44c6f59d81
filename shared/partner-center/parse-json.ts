/**
 * The value that the text holds, or undefined when it is not JSON. Partner Center starts some replies
 * with a byte-order mark.
 *
 * The parser's own error never leaves: it quotes the text around the fault, and the text may hold a password.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    return undefined;
  }
}
