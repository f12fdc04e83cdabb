// A front end on the types of graphql-codegen. tsc checks that the types say what the schema says: each
// `@ts-expect-error` is an error that must be there.

import type { ApolloClient } from '@apollo/client/core';
import { type CreatePostInput, TypedFeedDocument, TypedPublishDocument } from './__generated__/codegen/graphql';

/** The page's titles with their days, and where the next page begins. */
export async function page(client: ApolloClient, after: string | null) {
  const { data } = await client.query({ query: TypedFeedDocument, variables: { first: 20, after } });
  const posts = data?.posts;
  if (!posts) return undefined;
  const rows = posts.nodes.map(({ title, createdAt, publishedAt, author }) => {
    const day: string = createdAt.slice(0, 10);
    // @ts-expect-error a draft was never published
    publishedAt.slice(0, 10);
    // @ts-expect-error the account may be gone
    const name: string = author.username;
    return { title, day, name };
  });
  return { rows, next: posts.pageInfo.hasNextPage ? posts.pageInfo.endCursor : null };
}

/** Publishes, and answers what there is to mend. */
export async function publish(client: ApolloClient, input: CreatePostInput): Promise<string[]> {
  const { data } = await client.mutate({ mutation: TypedPublishDocument, variables: { input } });
  return data?.createPost?.userErrors.map(({ field, message }) => `${field?.join('.') ?? ''}: ${message}`) ?? [];
}

export const draft: CreatePostInput = { title: 'A title', body: 'A body' };

// @ts-expect-error a post has a body
export const empty: CreatePostInput = { title: 'A title' };
