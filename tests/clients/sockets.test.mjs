// The protocols' own clients: graphql-ws on a WebSocket, graphql-sse in its distinct connections mode.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import * as sse from 'graphql-sse';
import * as ws from 'graphql-ws';
import WebSocket from 'ws';
import { joined, OPEN } from './accounts.mjs';
import { start, until } from './server.mjs';

const LIVE = 'subscription ($post: ID!) { commentAdded(postId: $post) { body author { username } } }';

/** A server with a person and a post of theirs. */
async function site(t, settings = {}) {
  const server = await start({ ...OPEN, ...settings });
  t.after(() => server.stop());
  const ada = await joined(server, 'ada');
  const { data } = await server.graphql(
    'mutation { createPost(input: { title: "T", body: "B", status: PUBLISHED }) { post { id } } }',
    undefined,
    ada.accessToken,
  );
  const post = data.createPost.post.id;
  const say = (body) =>
    server.graphql(
      'mutation ($post: ID!, $body: String!) { createComment(input: { postId: $post, body: $body }) { comment { id } } }',
      { post, body },
      ada.accessToken,
    );
  return { server, ada, post, say };
}

/** Subscribes; `heard` fills, and `ended` is the error at the end, or undefined when it was complete. */
function listen(client, query, variables) {
  const heard = [];
  let stop;
  const ended = new Promise((done) => {
    stop = client.subscribe({ query, variables }, { next: (result) => heard.push(result), error: done, complete: done });
  });
  return { heard, ended, stop };
}

/** Nothing tells a client that its subscription has begun: writes until everybody has heard something. */
const writeUntilHeard = (say, ...ears) =>
  until(async () => (await say('Live'), ears.every(({ heard }) => heard.length > 0)), 10_000, 'a live comment');

const comments = ({ heard }) => new Set(heard.map(({ data }) => data.commentAdded.body));

test('graphql-ws', async (t) => {
  const { server, ada, post, say } = await site(t);
  const connect = (token, more) =>
    ws.createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: token && { authorization: `Bearer ${token}` },
      retryAttempts: 0,
      ...more,
    });

  await t.test('several operations share a socket, and end by themselves', async () => {
    let sockets = 0;
    const client = connect(ada.accessToken, { on: { connected: () => (sockets += 1) } });
    const [one, two] = [listen(client, LIVE, { post }), listen(client, LIVE, { post })];
    const query = listen(client, '{ me { username } }');
    assert.equal(await query.ended, undefined);
    assert.deepEqual(query.heard, [{ data: { me: { username: 'ada' } } }]);
    await writeUntilHeard(say, one, two);
    one.stop();
    await one.ended;
    await say('Only one hears this');
    await until(() => comments(two).has('Only one hears this'), 10_000, 'the second subscription');
    assert.deepEqual(comments(one), new Set(['Live']));
    assert.equal(sockets, 1);
    await client.dispose();
    assert.equal(await two.ended, undefined);
  });

  await t.test('a stranger listens to what everybody may see', async () => {
    const client = connect();
    const ears = listen(client, LIVE, { post });
    await writeUntilHeard(say, ears);
    await client.dispose();
  });

  await t.test('a bad token closes the socket with 4403', async () => {
    const closed = await listen(connect('nonsense'), LIVE, { post }).ended;
    assert.equal(closed.code, ws.CloseCode.Forbidden);
  });

  await t.test('a client that asks for its token on each connection comes back after 4403', async () => {
    const tokens = ['nonsense', ada.accessToken];
    const client = connect(undefined, {
      connectionParams: () => ({ authorization: `Bearer ${tokens.shift()}` }),
      retryAttempts: 1,
      retryWait: () => Promise.resolve(),
    });
    const ears = listen(client, LIVE, { post });
    await writeUntilHeard(say, ears);
    assert.deepEqual(tokens, []);
    await client.dispose();
  });

  await t.test('errors end the operation, not the socket', async () => {
    const client = connect(ada.accessToken, { lazy: false });
    const [[invalid], [missing]] = await Promise.all([
      listen(client, 'subscription { nothing }').ended,
      listen(client, LIVE, { post: ada.user.id }).ended,
    ]);
    assert.equal(invalid.extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    assert.equal(missing.extensions.code, 'BAD_USER_INPUT');
    const query = listen(client, '{ me { username } }');
    assert.equal(await query.ended, undefined);
    assert.equal(query.heard[0].data.me.username, 'ada');
    await client.dispose();
  });

  await t.test('pings are answered', async () => {
    const pongs = [];
    const client = connect(ada.accessToken, {
      lazy: false,
      keepAlive: 50,
      on: { pong: (received) => pongs.push(received) },
    });
    await until(() => pongs.filter((received) => received).length > 1, 10_000, 'two pongs');
    await client.dispose();
  });

  await t.test('a connection that is lost is made again, and the subscription goes on', async () => {
    const sockets = [];
    const client = connect(ada.accessToken, {
      retryAttempts: 5,
      retryWait: () => Promise.resolve(),
      on: { opened: (socket) => sockets.push(socket) },
    });
    const ears = listen(client, LIVE, { post });
    await writeUntilHeard(say, ears);
    sockets[0].terminate();
    await until(async () => (await say('After'), comments(ears).has('After')), 10_000, 'a comment after the loss');
    assert.equal(sockets.length, 2);
    await client.dispose();
  });

  await t.test('the end of the session closes the socket with 4403', async () => {
    const eve = await joined(server, 'eve');
    const client = connect(eve.accessToken);
    const ears = listen(client, LIVE, { post });
    await writeUntilHeard(say, ears);
    await server.graphql('mutation { logout { endedSessionIds } }', undefined, eve.accessToken);
    const { code, reason } = await ears.ended;
    assert.deepEqual([code, reason], [ws.CloseCode.Forbidden, 'REVOKED']);
  });

  await t.test('a socket without the first message is not kept', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, ws.GRAPHQL_TRANSPORT_WS_PROTOCOL);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ me { id } }' } }));
    const [code] = await once(socket, 'close');
    assert.equal(code, ws.CloseCode.Unauthorized);
  });
});

test('graphql-sse', async (t) => {
  const { server, ada, post, say } = await site(t);
  const connect = (token) =>
    sse.createClient({
      url: `${server.url}/graphql`,
      headers: token && { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });

  await t.test('live comments arrive at each of several subscriptions, until they end', async () => {
    const client = connect(ada.accessToken);
    const [one, two] = [listen(client, LIVE, { post }), listen(client, LIVE, { post })];
    await writeUntilHeard(say, one, two);
    one.stop();
    await one.ended;
    await say('Only one hears this');
    await until(() => comments(two).has('Only one hears this'), 10_000, 'the second subscription');
    assert.deepEqual(comments(one), new Set(['Live']));
    assert.equal(two.heard[0].data.commentAdded.author.username, 'ada');
    two.stop();
    await two.ended;
    client.dispose();
  });

  await t.test('a query is answered and complete', async () => {
    const query = listen(connect(ada.accessToken), '{ me { username } }');
    assert.equal(await query.ended, undefined);
    assert.deepEqual(query.heard, [{ data: { me: { username: 'ada' } } }]);
  });

  await t.test('errors arrive as results', async () => {
    const client = connect(ada.accessToken);
    const missing = listen(client, LIVE, { post: ada.user.id });
    assert.equal(await missing.ended, undefined);
    assert.equal(missing.heard[0].errors[0].extensions.code, 'BAD_USER_INPUT');
  });

  await t.test('a bad token is refused', async () => {
    const refused = await listen(connect('nonsense'), LIVE, { post }).ended;
    assert.ok(refused instanceof sse.NetworkError, String(refused));
    assert.equal(refused.response.status, 401);
  });

  await t.test('the end of the session ends the stream', async () => {
    const eve = await joined(server, 'eve');
    const ears = listen(connect(eve.accessToken), LIVE, { post });
    await writeUntilHeard(say, ears);
    await server.graphql('mutation { logout { endedSessionIds } }', undefined, eve.accessToken);
    await ears.ended;
    assert.equal(ears.heard.at(-1).errors?.[0].extensions.code, 'UNAUTHENTICATED');
  });
});
