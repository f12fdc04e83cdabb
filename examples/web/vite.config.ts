import { generate } from '@graphql-codegen/cli';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import codegenConfig from './codegen.ts';

const lyceum = process.env.LYCEUM_URL ?? 'http://127.0.0.1:4000';

const makeTypes = () => generate({ ...codegenConfig, silent: true });

/** While one develops: types for every graphql(`…`) at the start, and again when a file with one is saved. */
const codegen: Plugin = {
  name: 'codegen',
  apply: 'serve',
  async buildStart() {
    await makeTypes();
  },
  async hotUpdate({ file, read }) {
    const ours = this.environment.name === 'client' && /\.tsx?$/.test(file) && !file.includes('/gql/');
    if (ours && (await read()).includes('graphql(`')) await makeTypes();
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
