import { generate } from '@graphql-codegen/cli';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import codegenConfig from './codegen.ts';

const lyceum = process.env.LYCEUM_URL ?? 'http://127.0.0.1:4000';

/** While one develops: types for every graphql(`…`) at the start, and again when a file with one is saved. */
const codegen: Plugin = {
  name: 'codegen',
  apply: 'serve',
  buildStart: async () => void (await generate(codegenConfig)),
  hotUpdate: async ({ file, read }) => {
    if (/\.tsx?$/.test(file) && !file.includes('/gql/') && (await read()).includes('graphql(`')) await generate(codegenConfig);
  },
};

export default defineConfig({
  plugins: [react(), codegen],
  build: { chunkSizeWarningLimit: 700 },
  server: {
    host: '127.0.0.1',
    // The browser knows one host, so that the session cookie is its own.
    proxy: {
      '/graphql': { target: lyceum, ws: true },
      '/avatars': lyceum,
    },
  },
});
