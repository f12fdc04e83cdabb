// One page and its hashed assets. The story is written into the page itself, so that a changed operation changes
// one small file and leaves the hashes of all others alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vite';
import { licences } from './licences.js';

const operations = join(import.meta.dirname, 'operations');
const read = (file) => readFileSync(join(operations, file), 'utf8');

/** The steps of `story.json`, each with its document, as JSON that cannot end the element it stands in. */
function story() {
  const steps = JSON.parse(read('story.json')).map((step) => ({ ...step, query: read(step.file) }));
  return JSON.stringify(steps).replaceAll('<', '\\u003c');
}

/** What the page starts with; the editor and the printer are loaded in pieces of their own, when they are wanted. */
const packages = (module) =>
  /vite\/preload-helper|node_modules/.test(module) && !/node_modules\/(monaco-|prettier)/.test(module);

export default defineConfig({
  base: '/playground/',
  plugins: [
    { name: 'story', transformIndexHtml: (page) => page.replace('STORY', story) },
    licences('THIRD-PARTY.txt'),
  ],
  worker: { format: 'es', plugins: () => [licences()] },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // so that its CSP needs no data: but for what Monaco's own style brings
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      // The packages apart from `src`, so that a change there leaves all hashes but one alone.
      output: { advancedChunks: { groups: [{ name: 'packages', test: packages }] } },
      // Packages say "use client" to frameworks that render on a server.
      onLog: (level, log, tell) => log.code === 'MODULE_LEVEL_DIRECTIVE' || tell(level, log),
    },
  },
});
