// The same by gql.tada, which reads the types off the documents themselves.

import type { ApolloClient } from '@apollo/client/core';
import { initGraphQLTada, type ResultOf, type VariablesOf } from 'gql.tada';
import type { introspection } from './__generated__/tada';

const graphql = initGraphQLTada<{ introspection: introspection; scalars: { DateTime: string } }>();

const SAID = graphql(`
  fragment TadaSaid on Comment @_unmask {
    id
    body
    createdAt
    author {
      id
      username
    }
  }
`);

const DISCUSSION = graphql(
  `
    query TadaDiscussion($id: ID!) {
      post(id: $id) {
        id
        status
        comments(first: 50) {
          totalCount
          nodes {
            ...TadaSaid
          }
        }
      }
    }
  `,
  [SAID],
);

/** What was said under a post, and by whom. */
export async function discussion(client: ApolloClient, variables: VariablesOf<typeof DISCUSSION>): Promise<string[]> {
  const { data } = await client.query({ query: DISCUSSION, variables });
  const said = (data?.post?.comments?.nodes ?? []).map(({ author, body, createdAt }: ResultOf<typeof SAID>) => {
    const moment: string = createdAt;
    return `${moment} ${author?.username ?? 'somebody'}: ${body}`;
  });
  return said;
}

export const statuses = ['DRAFT', 'PUBLISHED'] satisfies ReturnType<typeof graphql.scalar<'PostStatus'>>[];

// @ts-expect-error the id is not null
export const nothing: VariablesOf<typeof DISCUSSION> = { id: null };
