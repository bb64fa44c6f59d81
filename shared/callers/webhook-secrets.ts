import { ResetError } from '../password-reset/reset-error.js';
import { type Cached, createCached } from '../platform/cached.js';
import { Secret } from '../platform/secret.js';

/** With which a source may sign, each as `whsec_` and base64; none when none is stored that can be used. */
export type WebhookSecrets = (source: string, signal: AbortSignal) => Promise<readonly Secret[]>;

export interface WebhookSecretsDependencies {
  /** The text of a Key Vault secret; undefined when there is none, or it is disabled. */
  readonly findSecret: (name: string, signal: AbortSignal) => Promise<Secret | undefined>;
  /** A failure of reading a secret that may pass. */
  readonly isTransient: (error: unknown) => boolean;
  /** Somebody must store or correct the secret of this source. Told at every read, until then. */
  readonly onUnusable: (source: string, error: ResetError) => void;
  readonly now: () => number;
}

const timeoutMs = 10_000;
/** Changes take effect within this time. */
const ttlMs = 60_000;
const maxStaleMs = 900_000;

/**
 * Those in the Key Vault secret `webhook-{source}`, as it is now or was up to 15 minutes ago while Key
 * Vault does not answer. Ask for listed sources only: what was found is kept for each.
 *
 * Rejects with what may pass alone. A secret that somebody must correct is told to {@link onUnusable} and
 * counts as none: a failure of its own would tell strangers that the source is listed.
 */
export function createWebhookSecrets(dependencies: WebhookSecretsDependencies): WebhookSecrets {
  const { findSecret, isTransient, onUnusable, now } = dependencies;
  const bySource = new Map<string, Cached<readonly Secret[]>>();

  return (source, signal) => {
    const kept = bySource.get(source) ?? createSecretsOf(source);
    bySource.set(source, kept);
    return kept.get(signal);
  };

  function createSecretsOf(source: string): Cached<readonly Secret[]> {
    const name = `webhook-${source}`;
    return createCached({
      read: async (signal) => {
        try {
          return parseWebhookSecrets(name, await findSecret(name, signal));
        } catch (error) {
          if (!(error instanceof ResetError) || isTransient(error)) throw error;
          onUnusable(source, error);
          return [];
        }
      },
      timeoutMs,
      ttlMs,
      maxStaleMs,
      isTransient,
      now,
    });
  }
}

const prefix = 'whsec_';
/** Two while they are changed one after the other. */
const maxSecrets = 2;
const minBytes = 24;
const maxBytes = 64;

function parseWebhookSecrets(name: string, secret: Secret | undefined): readonly Secret[] {
  if (secret === undefined) throw unusable(name, 'it is missing or disabled');
  const texts = secret.reveal().trim().split(/\s+/);
  if (texts.length <= maxSecrets && texts.every(isWebhookSecret)) {
    return texts.map((text) => new Secret(text));
  }
  throw unusable(
    name,
    `it must hold one or two secrets, each ${prefix} and ${minBytes} to ${maxBytes} random bytes in base64`,
  );
}

function unusable(name: string, why: string): ResetError {
  return new ResetError('AppMisconfigured', `The Key Vault secret ${name} cannot be used: ${why}`);
}

function isWebhookSecret(text: string): boolean {
  const bytes = webhookKeyOf(text);
  if (bytes.length < minBytes || bytes.length > maxBytes) return false;
  // What is no base64 is skipped by the decoder, and would be missing here.
  return text === `${prefix}${bytes.toString('base64')}`;
}

/** The bytes that such a secret stands for. */
export function webhookKeyOf(text: string): Buffer {
  return Buffer.from(text.slice(prefix.length), 'base64');
}
