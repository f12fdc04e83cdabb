// Apollo Client, sessions and administration: after each mutation the normalised cache is right, by the payload alone
// or by a short `update`, and nothing is asked for a second time.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gql } from '@apollo/client/core';
import { joined, loggedIn, OPEN } from './accounts.mjs';
import { front } from './apollo.mjs';
import { start } from './server.mjs';

const PERSON = gql`
  fragment Person on User {
    id
    username
    displayName
    email
    role
    suspendedUntil
    avatarUrl(size: SMALL)
    profile { occupation }
  }
`;
const ME = gql`
  query Me { me { ...Person } }
  ${PERSON}
`;
const SESSIONS = gql`
  query Sessions { me { id sessions(first: 20) { nodes { id deviceName current lastUsedAt expiresAt } } } }
`;
const USERS = gql`
  query Users($first: Int!) {
    users(first: $first) {
      edges { cursor node { ...Person } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
  ${PERSON}
`;
const POST = gql`
  query Post($id: ID!) { post(id: $id) { id author { id username } } }
`;
const LOGIN = gql`
  mutation Login($input: LoginInput!) {
    login(input: $input) {
      accessToken
      refreshToken
      session { id deviceName current lastUsedAt expiresAt }
      user { ...Person }
      userErrors { code }
    }
  }
  ${PERSON}
`;
const REFRESH = gql`
  mutation Refresh($input: RefreshSessionInput!) {
    refreshSession(input: $input) {
      accessToken
      refreshToken
      session { id current lastUsedAt expiresAt }
      userErrors { code }
    }
  }
`;
const LOGOUT = gql`
  mutation Logout($scope: LogoutScope!) { logout(scope: $scope) { endedSessionIds userErrors { code } } }
`;
const REVOKE = gql`
  mutation Revoke($input: RevokeSessionInput!) { revokeSession(input: $input) { endedSessionId userErrors { code } } }
`;
const DELETE_ACCOUNT = gql`
  mutation Leave($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId userErrors { code } } }
`;
const CREATE_USER = gql`
  mutation Create($input: CreateUserInput!) {
    createUser(input: $input) { userEdge { cursor node { ...Person } } userErrors { code field } }
  }
  ${PERSON}
`;
const DELETE_USER = gql`
  mutation Delete($input: DeleteUserInput!) { deleteUser(input: $input) { deletedUserId userErrors { code } } }
`;

/** A mutation that answers a user as it is now. */
const ofUser = (name, input) => gql`
  mutation Change($input: ${input}!) { ${name}(input: $input) { user { ...Person } userErrors { code field } } }
  ${PERSON}
`;

/** What puts the cache right, for an app to copy. */
const signedIn = (cache, { data }) =>
  cache.modify({ fields: { me: (_, { toReference }) => toReference(data.login.user) } });
const signedOut = (cache) => cache.modify({ fields: { me: () => null } });
const without = (typename, ids) => (cache, { data }) => {
  for (const id of ids(data)) cache.evict({ id: cache.identify({ __typename: typename, id }) });
};

/** What both stories do: ask once, then change, and look into the cache. */
function hands(client, sent) {
  return {
    ask: (query, variables) => client.query({ query, variables, fetchPolicy: 'network-only' }).then(({ data }) => data),
    cached: (query, variables) => client.readQuery({ query, variables }),
    /** Only the mutation may reach the server. */
    change: async (mutation, variables, update) => {
      const before = sent.length;
      const { data } = await client.mutate({ mutation, variables, update });
      const [payload] = Object.values(data);
      assert.deepEqual(payload.userErrors, []);
      assert.deepEqual(sent.slice(before), ['mutation']);
      return payload;
    },
  };
}

test('Apollo Client: the cache after what people do with their sessions and accounts', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const { password } = await joined(server, 'ada');
  const session = {};
  const { client, sent } = front(server, session);
  const { ask, cached, change } = hands(client, sent);
  const keep = ({ accessToken, refreshToken }) => Object.assign(session, { access: accessToken, refresh: refreshToken });
  const sessions = () => cached(SESSIONS).me.sessions.nodes;

  await t.test('login: `me` becomes the user of the payload', async () => {
    assert.equal((await ask(ME)).me, null);
    keep(await change(LOGIN, { input: { identifier: 'ada', password, deviceName: 'Laptop' } }, signedIn));
    assert.equal(cached(ME).me.username, 'ada');
    assert.deepEqual(cached(ME), await ask(ME));
  });

  await t.test('refreshSession: the payload alone changes the session in the list', async () => {
    await loggedIn(server, 'ada', password);
    await ask(SESSIONS);
    const payload = await change(REFRESH, { input: { refreshToken: session.refresh } });
    keep(payload);
    const [current] = sessions().filter(({ current }) => current);
    assert.deepEqual([current.id, current.deviceName], [payload.session.id, 'Laptop']);
    assert.equal(current.lastUsedAt, payload.session.lastUsedAt);
    assert.deepEqual(cached(SESSIONS), await ask(SESSIONS));
  });

  await t.test('revokeSession: the id in the payload finds what to evict', async () => {
    const before = sessions();
    const { id } = before.find(({ current }) => !current);
    await change(REVOKE, { input: { id } }, without('Session', ({ revokeSession }) => [revokeSession.endedSessionId]));
    assert.deepEqual(sessions(), before.filter((session) => session.id !== id));
    assert.deepEqual(cached(SESSIONS), await ask(SESSIONS));
  });

  await t.test('logout of the others: the ids in the payload find what to evict', async () => {
    await loggedIn(server, 'ada', password);
    await ask(SESSIONS);
    assert.ok(sessions().length > 1);
    await change(LOGOUT, { scope: 'OTHERS' }, without('Session', ({ logout }) => logout.endedSessionIds));
    assert.deepEqual(sessions().map(({ deviceName }) => deviceName), ['Laptop']);
    assert.deepEqual(cached(SESSIONS), await ask(SESSIONS));
  });

  await t.test('changeUsername, updateProfile: the payload alone changes who is signed in', async () => {
    await change(ofUser('changeUsername', 'ChangeUsernameInput'), { input: { username: 'countess' } });
    await change(ofUser('updateProfile', 'UpdateProfileInput'), { input: { occupation: 'Analyst', lastName: 'King' } });
    const { username, displayName, profile } = cached(ME).me;
    assert.deepEqual([username, displayName, profile.occupation], ['countess', 'ada King', 'Analyst']);
    assert.deepEqual(cached(ME), await ask(ME));
  });

  await t.test('uploadAvatar, removeAvatar: the payload alone changes the picture', async () => {
    const file = await readFile(join(import.meta.dirname, '../../docs/images/web-posts.png'));
    const upload = gql`
      mutation Upload($file: Upload!) { uploadAvatar(input: { file: $file }) { user { ...Person } userErrors { code } } }
      ${PERSON}
    `;
    await change(upload, { file: new File([file], 'me.png', { type: 'image/png' }) });
    assert.match(cached(ME).me.avatarUrl, /-64\.webp$/);
    assert.deepEqual(cached(ME), await ask(ME));
    const remove = gql`
      mutation Remove { removeAvatar { user { ...Person } userErrors { code } } }
      ${PERSON}
    `;
    await change(remove);
    assert.equal(cached(ME).me.avatarUrl, null);
    assert.deepEqual(cached(ME), await ask(ME));
  });

  await t.test('logout: nobody is signed in any more', async () => {
    await change(LOGOUT, { scope: 'CURRENT' }, signedOut);
    Object.assign(session, { access: undefined, refresh: undefined });
    assert.equal(cached(ME).me, null);
    assert.deepEqual(cached(ME), await ask(ME));
  });

  await t.test('deleteAccount: what stays of the person has no author, and nobody is signed in', async () => {
    keep(await change(LOGIN, { input: { identifier: 'countess', password } }, signedIn));
    const written = await server.graphql(
      'mutation { createPost(input: { title: "T", body: "B", status: PUBLISHED }) { post { id } } }', {}, session.access);
    const { id } = written.data.createPost.post;
    assert.equal((await ask(POST, { id })).post.author.username, 'countess');
    await change(DELETE_ACCOUNT, { input: { password } }, (cache, { data }) => {
      signedOut(cache);
      const gone = cache.identify({ __typename: 'User', id: data.deleteAccount.deletedUserId });
      cache.modify({ id: cache.identify({ __typename: 'Post', id }), fields: { author: () => null } });
      cache.evict({ id: gone });
    });
    Object.assign(session, { access: undefined, refresh: undefined });
    assert.equal(cached(ME).me, null);
    assert.equal(cached(POST, { id }).post.author, null);
    assert.deepEqual(cached(POST, { id }), await ask(POST, { id }));
  });
});

test('Apollo Client: the cache after what administrators do', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const { accessToken } = await joined(server, 'rose');
  const { user: { id } } = await joined(server, 'bob');
  await server.command('admin', 'role', 'rose', 'admin');
  const { client, sent } = front(server, { access: accessToken });
  const { ask, cached, change } = hands(client, sent);
  const list = () => cached(USERS, { first: 20 }).users.edges.map(({ node }) => node);
  const bob = () => list().find((user) => user.id === id);
  const right = async () => assert.deepEqual(list(), (await ask(USERS, { first: 20 })).users.edges.map(({ node }) => node));
  await ask(USERS, { first: 20 });

  await t.test('updateUser, setUserRole, suspendUser, reinstateUser: the payload alone changes the list', async () => {
    await change(ofUser('updateUser', 'UpdateUserInput'), { input: { id, username: 'robert', email: 'r@example.test' } });
    assert.deepEqual([bob().username, bob().email], ['robert', 'r@example.test']);
    await change(ofUser('setUserRole', 'SetUserRoleInput'), { input: { id, role: 'MODERATOR' } });
    assert.equal(bob().role, 'MODERATOR');
    await change(ofUser('suspendUser', 'SuspendUserInput'), { input: { id, until: '2099-12-31T00:00:00Z' } });
    assert.equal(bob().suspendedUntil, '2099-12-31T00:00:00.000000Z');
    await right();
    await change(ofUser('reinstateUser', 'ReinstateUserInput'), { input: { id } });
    assert.equal(bob().suspendedUntil, null);
    await right();
  });

  await t.test('createUser: the edge goes to the front of the list', async () => {
    const password = 'seven quiet lanterns over the river';
    const input = { username: 'eve', email: 'eve@example.test', password, firstName: 'Eve', lastName: 'Adams' };
    await change(CREATE_USER, { input }, (cache, { data }) => {
      const edge = data.createUser.userEdge;
      const users = (list, { toReference }) =>
        ({ ...list, edges: [{ ...edge, node: toReference(edge.node) }, ...list.edges] });
      cache.modify({ fields: { users } });
    });
    assert.deepEqual(list().map(({ username }) => username), ['eve', 'robert', 'rose']);
    await right();
  });

  await t.test('deleteUser: the id in the payload finds what to evict', async () => {
    await change(DELETE_USER, { input: { id } }, without('User', ({ deleteUser }) => [deleteUser.deletedUserId]));
    assert.deepEqual(list().map(({ username }) => username), ['eve', 'rose']);
    await right();
  });
});
