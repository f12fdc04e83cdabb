// Relay: relay-compiler checks real operations against the committed schema, and relay-runtime, without React, runs
// what it wrote: pages, refetches by `node`, and mutations that put the store right by directives alone.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { joined, OPEN } from './accounts.mjs';
import { start, until } from './server.mjs';

const require = createRequire(import.meta.url);
const relay = require('relay-runtime');
const folder = join(import.meta.dirname, 'relay');
const artifact = (name) => require(join(folder, '__generated__', `${name}.graphql.js`));

test('Relay', async (t) => {
  await t.test('relay-compiler takes the schema and the operations', () => {
    mkdirSync(join(folder, '__generated__'), { recursive: true });
    execFileSync(join(import.meta.dirname, 'node_modules/.bin/relay-compiler'), { cwd: folder, stdio: 'pipe' });
  });

  const server = await start(OPEN);
  t.after(() => server.stop());
  const ada = await joined(server, 'ada');
  const store = front(server, ada.accessToken);
  const { load, read, page, mutate } = store;

  const titles = (feed) => feed.posts.edges.map(({ node }) => node.title);
  const bodies = (post) => post.comments.edges.map(({ node }) => node.body);
  for (const title of ['One', 'Two', 'Three']) {
    await server.graphql(
      'mutation ($title: String!) { createPost(input: { title: $title, body: "B", status: PUBLISHED }) { post { id } } }',
      { title },
      ada.accessToken,
    );
  }

  const query = await load('FeedQuery', { count: 2 });
  const feed = () => read('Feed_query', query);
  let post, discussion;

  await t.test('a connection pages by its refetchable fragment', async () => {
    assert.deepEqual(titles(feed()), ['Three', 'Two']);
    await page('Feed_query', query, feed().posts, 2);
    assert.deepEqual(titles(feed()), ['Three', 'Two', 'One']);
  });

  await t.test('@prependEdge puts a new post into the list, without another request', async () => {
    const input = { title: 'Four', body: 'B', status: 'PUBLISHED' };
    await mutate('WritePostMutation', { input, connections: [feed().posts.__id] });
    assert.deepEqual(titles(feed()), ['Four', 'Three', 'Two', 'One']);
    assert.equal(feed().posts.edges[0].node.author.username, 'ada');
    post = feed().posts.edges[0].node.id;
  });

  await t.test('a changed post changes in the list', async () => {
    await mutate('RewritePostMutation', { input: { id: post, title: 'Fourth' } });
    assert.deepEqual(titles(feed()), ['Fourth', 'Three', 'Two', 'One']);
  });

  await t.test('@appendEdge puts comments under their post', async () => {
    const { node } = await load('DiscussionQuery', { id: post, count: 1 });
    discussion = () => read('Discussion_post', node.discussion);
    assert.equal(discussion().title, 'Fourth');
    for (const body of ['First', 'Second', 'Third']) {
      await mutate('CommentMutation', { input: { postId: post, body }, connections: [discussion().comments.__id] });
    }
    assert.deepEqual(bodies(discussion()), ['First', 'Second', 'Third']);
  });

  await t.test('a list within a node pages by `node(id:)`, in a store that knows nothing else', async () => {
    const other = front(server, ada.accessToken);
    const { node } = await other.load('DiscussionQuery', { id: post, count: 1 });
    const fresh = () => other.read('Discussion_post', node.discussion);
    assert.deepEqual(bodies(fresh()), ['First']);
    await other.page('Discussion_post', node.discussion, fresh().comments, 1, { id: post });
    assert.deepEqual(bodies(fresh()), ['First', 'Second']);
    await other.page('Discussion_post', node.discussion, fresh().comments, 5, { id: post });
    assert.deepEqual(bodies(fresh()), ['First', 'Second', 'Third']);
  });

  await t.test('a changed comment changes, and @deleteRecord takes a deleted one out of the store', async () => {
    const [first, second] = discussion().comments.edges.map(({ node }) => node.id);
    await mutate('RewriteCommentMutation', { input: { id: first, body: 'Primary' } });
    await mutate('RemoveCommentMutation', { input: { id: second } });
    assert.deepEqual(
      discussion().comments.edges.map(({ node }) => node?.body),
      ['Primary', undefined, 'Third'],
    );
  });

  await t.test('@deleteEdge takes a deleted post out of the list', async () => {
    const [, gone] = feed().posts.edges.map(({ node }) => node.id);
    await mutate('RemovePostMutation', { input: { id: gone }, connections: [feed().posts.__id] });
    assert.deepEqual(titles(feed()), ['Fourth', 'Two', 'One']);
  });

  await t.test('a subscription appends what others write', async (t) => {
    const bob = await joined(server, 'bob');
    const live = store.subscribe('LiveCommentsSubscription', { postId: post, connections: [discussion().comments.__id] });
    t.after(() => live.dispose());
    const said = (body) => discussion().comments.edges.some(({ node }) => node?.body === body);
    // Nothing tells a client that its subscription has begun, so bob writes until he is heard.
    await until(
      async () => {
        await server.graphql(
          'mutation ($post: ID!) { createComment(input: { postId: $post, body: "Live" }) { comment { id } } }',
          { post },
          bob.accessToken,
        );
        return said('Live');
      },
      10_000,
      'a live comment',
    );
  });

  await t.test('what the store holds is what the server holds', async () => {
    const fresh = front(server, ada.accessToken);
    const all = fresh.read('Feed_query', await fresh.load('FeedQuery', { count: 10 }));
    assert.deepEqual(all.posts.edges.map(({ node }) => node), feed().posts.edges.map(({ node }) => node));
  });
});

/** A Relay environment for one person, and the little of a front end that works with it. */
function front(server, token) {
  const socket = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
  });
  const environment = new relay.Environment({
    network: relay.Network.create(
      ({ text }, variables) => server.graphql(text, variables, token),
      ({ text }, variables) =>
        relay.Observable.create((sink) => socket.subscribe({ query: text, variables }, sink)),
    ),
    store: new relay.Store(new relay.RecordSource()),
  });

  /** Loads a query and answers its data, as `useLazyLoadQuery` does. */
  async function load(name, variables) {
    const query = artifact(name);
    const operation = relay.createOperationDescriptor(query, variables);
    environment.retain(operation);
    await relay.fetchQuery(environment, query, variables).toPromise();
    return environment.lookup(operation.fragment).data;
  }

  /** A fragment's data, as `useFragment` answers it. */
  const read = (name, key) => environment.lookup(relay.getSelector(artifact(name), key)).data;

  /** Loads the next page, as `loadNext` of `usePaginationFragment` does. */
  async function page(name, key, connection, count, identifier = {}) {
    const { paginationRequest, paginationMetadata } = relay.getPaginationMetadata(artifact(name), name);
    const { owner } = relay.getSelector(artifact(name), key);
    const { endCursor } = connection.pageInfo;
    const base = { ...owner.variables, ...identifier };
    const variables = relay.getPaginationVariables('forward', count, endCursor, base, {}, paginationMetadata);
    await relay.fetchQuery(environment, paginationRequest, variables).toPromise();
  }

  const mutate = (name, variables) =>
    new Promise((done, failed) => {
      const onCompleted = (data, errors) => {
        const [payload] = Object.values(data);
        errors || payload.userErrors.length > 0 ? failed(new Error(JSON.stringify([errors, payload]))) : done();
      };
      relay.commitMutation(environment, { mutation: artifact(name), variables, onCompleted, onError: failed });
    });

  const subscribe = (name, variables) =>
    relay.requestSubscription(environment, { subscription: artifact(name), variables });

  return { load, read, page, mutate, subscribe };
}
