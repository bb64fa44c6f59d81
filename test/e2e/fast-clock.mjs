// Preloaded into the app: its clock runs so many times faster, from a moment that all hosts share.
const factor = Number(process.env.FAST_CLOCK_FACTOR);
const sinceMs = Number(process.env.FAST_CLOCK_SINCE_MS);
const realNow = Date.now;
Date.now = () => Math.round(sinceMs + (realNow() - sinceMs) * factor);
