import { createHash } from 'node:crypto';

/**
 * Pairs of colours keep a contrast of 4.5 or more, in light and in dark. While a password is shown it is
 * all that can be selected, so that it can be copied by keyboard alone.
 */
export const revealStyle = `
:root {
  color-scheme: light dark;
  --page: #eef1f5; --card: #ffffff; --text: #1b2430; --quiet: #4a5666; --line: #8793a3;
  --field: #f5f7fa; --accent: #0b57a8; --on-accent: #ffffff; --digit: #0b57a8; --symbol: #9b1c38; --symbol-field: #fbe3e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --card: #1a212b; --text: #e8edf3; --quiet: #b0bbc8; --line: #6d7a8a;
    --field: #10151c; --accent: #8ec1ff; --on-accent: #08203c; --digit: #8ec1ff; --symbol: #ffb3c1; --symbol-field: #4a222e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1rem; min-height: 100vh; display: grid; place-items: center;
  background: var(--page); color: var(--text);
  font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: break-word;
}
main {
  width: 100%; max-width: 34rem; padding: clamp(1.25rem, 6vw, 2.5rem);
  background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem;
}
h1 { margin: 0 0 0.75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
main > :last-child { margin-bottom: 0; }
.quiet { color: var(--quiet); font-size: 0.9375rem; }
button {
  width: 100%; padding: 0.8rem 1.25rem; border: 0; border-radius: 0.5rem; cursor: pointer;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600;
}
form { margin: 1.5rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.password {
  margin: 1.25rem 0; padding: 1rem; border: 2px solid var(--line); border-radius: 0.5rem;
  background: var(--field); text-align: center; overflow-wrap: anywhere; white-space: pre-wrap;
  font: 600 clamp(1.25rem, 6vw, 1.75rem)/1.5 ui-monospace, Consolas, "DejaVu Sans Mono", monospace;
  font-variant-ligatures: none; font-variant-numeric: slashed-zero;
}
.digit { color: var(--digit); }
.symbol { color: var(--symbol); background: var(--symbol-field); border-radius: 0.15em; }
.revealed { -webkit-user-select: none; user-select: none; }
.revealed .password { -webkit-user-select: all; user-select: all; }
`;

/** How a content security policy allows it. */
export const revealStyleSource = `'sha256-${createHash('sha256').update(revealStyle).digest('base64')}'`;
