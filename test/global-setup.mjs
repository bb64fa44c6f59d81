import { build } from '../esbuild.config.mjs';

/** The end-to-end tests run what is deployed, so every test run starts by building it. */
export default async function globalSetup() {
  await build();
}
