/** Calls of the operating system that come before the first byte is sent. */
const beforeSending = new Set(['getaddrinfo', 'connect']);

/**
 * Failures before the first byte is sent: no address, nobody there, a certificate that we refuse, a TLS
 * handshake that never finished (`EPROTO` fails a write that was still waiting for it), a header that
 * cannot be written.
 *
 * @see https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const unsentCode = new RegExp(
  [
    '^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_INVALID_CHAR',
    'CERT_\\w+|CRL_\\w+|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH',
    'DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\\w+|ERR_TLS_CERT_\\w+)$',
  ].join('|'),
);

/**
 * Whether the failure proves that the request never left. A connection that breaks, also an idle one that
 * is used again, proves nothing: the request may have arrived.
 */
export function isUnsent(error: unknown): boolean {
  const { code, syscall } = systemFailure(error);
  return beforeSending.has(syscall ?? '') || unsentCode.test(code ?? '');
}

/**
 * The operating system's name of the failure, such as `ECONNRESET`. It is all that is kept of an HTTP
 * client's error, which can hold the bytes that were sent or received.
 */
export function failureName(error: unknown): string | undefined {
  const { code } = systemFailure(error);
  return code !== undefined && /^[A-Z][A-Z0-9_]{2,50}$/.test(code) ? code : undefined;
}

function systemFailure(error: unknown): { code: string | undefined; syscall: string | undefined } {
  if (typeof error !== 'object' || error === null) return { code: undefined, syscall: undefined };
  // node-fetch calls the system call `erroredSysCall`.
  const { code, syscall, erroredSysCall } = error as Record<string, unknown>;
  return { code: textOf(code), syscall: textOf(erroredSysCall) ?? textOf(syscall) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
