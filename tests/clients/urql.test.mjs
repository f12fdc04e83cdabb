// urql with its normalised cache (Graphcache): queries, mutations, and subscriptions both ways that it takes them,
// over a WebSocket and over server-sent events by plain fetch.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { Client, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { buildSchema, introspectionFromSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { joined, OPEN } from './accounts.mjs';
import { start, until } from './server.mjs';

const FEED = gql`
  query Feed($first: Int!, $after: String) {
    posts(first: $first, after: $after) {
      edges { cursor node { id title author { id username } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
const DISCUSSION = gql`
  query Discussion($id: ID!) {
    post(id: $id) { id title comments { edges { cursor node { id body } } } }
  }
`;
const WRITE = gql`
  mutation Write($input: CreatePostInput!) {
    createPost(input: $input) {
      postEdge { cursor node { id title author { id username } } }
      userErrors { code field message }
    }
  }
`;
const RETITLE = gql`
  mutation Retitle($input: UpdatePostInput!) {
    updatePost(input: $input) { post { id title } userErrors { code field message } }
  }
`;
const SAY = gql`
  mutation Say($input: CreateCommentInput!) {
    createComment(input: $input) { commentEdge { cursor node { id body } } userErrors { code } }
  }
`;
const DELETE = gql`
  mutation Delete($input: DeleteCommentInput!) {
    deleteComment(input: $input) { deletedCommentId postId userErrors { code } }
  }
`;
const LIVE = gql`
  subscription Live($postId: ID!) {
    commentAdded(postId: $postId) { id body author { id username } }
  }
`;

test('urql', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const ada = await joined(server, 'ada');
  const { accessToken } = await joined(server, 'bob');
  const sdl = await readFile(join(import.meta.dirname, '../../schema.graphql'), 'utf8');
  const schema = introspectionFromSchema(buildSchema(sdl));
  const client = front(server, ada.accessToken, schema);
  const bob = front(server, accessToken, schema);
  const ok = async (sent) => {
    const { data, error } = await sent;
    assert.equal(error, undefined);
    return data;
  };
  const fromCache = (query, variables) => ok(client.query(query, variables, { requestPolicy: 'cache-only' }));
  const titles = ({ posts }) => posts.edges.map(({ node }) => node.title);
  const bodies = ({ post }) => post.comments.edges.map(({ node }) => node.body);
  let post;

  await t.test('Graphcache checks its configuration and the operations against the schema', async () => {
    for (const title of ['One', 'Two', 'Three']) {
      await ok(bob.mutation(WRITE, { input: { title, body: 'B', status: 'PUBLISHED' } }));
    }
    assert.deepEqual(titles(await ok(client.query(FEED, { first: 2 }))), ['Three', 'Two']);
  });

  await t.test('relayPagination joins pages', async () => {
    const { posts } = await fromCache(FEED, { first: 2 });
    const second = await ok(client.query(FEED, { first: 2, after: posts.pageInfo.endCursor }));
    assert.deepEqual(titles(second), ['Three', 'Two', 'One']);
    post = second.posts.edges[0].node.id;
  });

  await t.test('a mutation changes what is in the cache', async () => {
    const { error } = await client.mutation(RETITLE, { input: { id: post, title: 'Mine' } });
    assert.equal(error.graphQLErrors[0].extensions.code, 'FORBIDDEN');
    const written = await ok(client.mutation(WRITE, { input: { title: 'Four', body: 'B', status: 'PUBLISHED' } }));
    post = written.createPost.postEdge.node.id;
    assert.deepEqual(bodies(await ok(client.query(DISCUSSION, { id: post }))), []);
    await ok(client.mutation(RETITLE, { input: { id: post, title: 'Fourth' } }));
    assert.equal((await fromCache(DISCUSSION, { id: post })).post.title, 'Fourth');
  });

  await t.test('an updater appends the edge of a new comment, and another one takes a deleted one out', async () => {
    for (const body of ['First', 'Second']) await ok(client.mutation(SAY, { input: { postId: post, body } }));
    const discussion = await fromCache(DISCUSSION, { id: post });
    assert.deepEqual(bodies(discussion), ['First', 'Second']);
    await ok(client.mutation(DELETE, { input: { id: discussion.post.comments.edges[0].node.id } }));
    assert.deepEqual(bodies(await fromCache(DISCUSSION, { id: post })), ['Second']);
  });

  const live = async (t, client) => {
    const heard = [];
    const { unsubscribe } = client.subscription(LIVE, { postId: post }).subscribe((result) => heard.push(result));
    t.after(unsubscribe);
    const say = () => ok(bob.mutation(SAY, { input: { postId: post, body: 'Live' } }));
    await until(async () => (await say(), heard.length > 0), 10_000, 'a live comment');
    assert.equal(heard[0].error, undefined);
    assert.equal(heard[0].data.commentAdded.author.username, 'bob');
  };
  await t.test('a subscription over graphql-ws', (t) => live(t, client));
  await t.test('a subscription over server-sent events, by fetch alone', (t) => {
    return live(t, front(server, ada.accessToken, schema, { sse: true }));
  });
});

test('urql persists its queries: the text goes over once, then GET with the hash alone', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const requests = [];
  const client = new Client({
    url: `${server.url}/graphql`,
    exchanges: [persistedExchange({ preferGetForPersistedQueries: 'force' }), fetchExchange],
    fetch: (url, init) => {
      const { query } = init.body ? JSON.parse(init.body) : Object.fromEntries(new URL(url).searchParams);
      requests.push(`${init.method} ${query ? 'with' : 'without'} the text`);
      return fetch(url, init);
    },
  });
  const ask = async () => {
    const { data, error } = await client.query(FEED, { first: 2 });
    assert.equal(error, undefined);
    return data.posts.edges;
  };
  assert.deepEqual(await ask(), []);
  const first = requests.splice(0);
  assert.equal(first.length, 2);
  assert.deepEqual([first[0], first[1].endsWith(' with the text')], ['GET without the text', true]);
  await ask();
  assert.deepEqual(requests, ['GET without the text']);
});

/** A urql client for one person; with `sse` its subscriptions go through fetch. */
function front(server, token, schema, { sse = false } = {}) {
  const authorization = `Bearer ${token}`;
  const socket = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
  });
  const overSocket = subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
    }),
  });
  const comments = (cache, post) => [cache.keyOfEntity({ __typename: 'Post', id: post }), 'comments'];
  const cache = cacheExchange({
    schema,
    keys: { PostEdge: ({ cursor }) => cursor, CommentEdge: ({ cursor }) => cursor },
    resolvers: { Query: { posts: relayPagination() } },
    updates: {
      Mutation: {
        createComment: ({ createComment: { commentEdge } }, { input }, cache) => {
          const list = cache.resolve(...comments(cache, input.postId));
          const edges = cache.resolve(list, 'edges');
          if (edges) cache.link(list, 'edges', [...edges, commentEdge]);
        },
        deleteComment: ({ deleteComment: { deletedCommentId, postId } }, _, cache) => {
          const list = cache.resolve(...comments(cache, postId));
          const gone = cache.keyOfEntity({ __typename: 'Comment', id: deletedCommentId });
          const edges = cache.resolve(list, 'edges').filter((edge) => cache.resolve(edge, 'node') !== gone);
          cache.link(list, 'edges', edges);
        },
      },
    },
  });
  return new Client({
    url: `${server.url}/graphql`,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
    fetchSubscriptions: sse,
    exchanges: [cache, ...(sse ? [] : [overSocket]), fetchExchange],
  });
}
