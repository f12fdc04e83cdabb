// Types for every graphql(`…`) of the app, written to src/gql, from the schema.
// In a project of your own the schema is at http://127.0.0.1:4000/schema.graphql.

import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: 'src/**/*.{ts,tsx}',
  ignoreNoDocuments: true,
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumType: 'string-literal',
        strictScalars: true,
        scalars: { DateTime: 'string', Upload: 'File' },
        useTypeImports: true,
      },
    },
  },
};

export default config;
