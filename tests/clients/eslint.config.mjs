// What @graphql-eslint asks of the schema and of the operations. Run by static.test.mjs.

import graphql from '@graphql-eslint/eslint-plugin';
import { join } from 'node:path';

const { configs, parser } = graphql;
const root = join(import.meta.dirname, '../..');
const operations = ['playground/operations/*.graphql', 'tests/clients/typed/*.graphql'];
/** The documents of examples/web, as static.test.mjs takes them out of the code. */
const web = ['tests/clients/__generated__/web/*.graphql'];

/** Names are unique among the operations of one project. */
const project = (documents) => {
  const globs = documents.map((glob) => join(root, glob));
  return { schema: join(root, 'schema.graphql'), documents: globs, include: ['schema.graphql', ...documents] };
};
const graphQLConfig = { projects: { operations: project(operations), web: project(web) } };

const lint = (files, rules) => ({
  files,
  plugins: { '@graphql-eslint': graphql },
  languageOptions: { parser, parserOptions: { graphQLConfig } },
  rules,
});

export default [
  lint(['schema.graphql'], {
    ...configs['flat/schema-recommended'].rules,
    ...configs['flat/schema-relay'].rules,
    // `nodes` and `userErrors` are lists that end.
    '@graphql-eslint/relay-edge-types': [
      'error',
      { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: true, withEdgeSuffix: true },
    ],
    // Everything else that has no id is a part of what has one, or an answer.
    '@graphql-eslint/strict-id-in-types': [
      'error',
      {
        exceptions: {
          suffixes: ['Connection', 'Edge', 'Payload'],
          types: [
            'AuditChange',
            'Dashboard',
            'PageInfo',
            'PostCounts',
            'Profile',
            'SignupsOfDay',
            'SiteTotals',
            'SocialLinks',
            'UserError',
          ],
        },
      },
    ],
    // `User.username` is what everybody calls it.
    '@graphql-eslint/no-typename-prefix': 'off',
  }),
  lint(operations, configs['flat/operations-recommended'].rules),
  lint(web, configs['flat/operations-recommended'].rules),
  // No cache holds what the playground shows, so its operations ask for ids where a reader wants them.
  { files: [operations[0]], rules: { '@graphql-eslint/require-selections': 'off' } },
];
