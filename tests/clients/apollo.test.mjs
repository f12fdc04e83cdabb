// Apollo Client: each mutation's payload puts the normalised cache right, and nothing is asked for a second time.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { joined, OPEN } from './accounts.mjs';
import { front } from './apollo.mjs';
import { start, until } from './server.mjs';

const COMMENT = gql`
  fragment Said on Comment { id body author { id username } }
`;
const FEED = gql`
  query Feed($first: Int!, $after: String) {
    posts(first: $first, after: $after) {
      edges { cursor node { id title status author { id username } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
const DISCUSSION = gql`
  query Discussion($id: ID!) {
    post(id: $id) {
      id
      title
      comments(first: 20) {
        edges { cursor node { ...Said } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
  ${COMMENT}
`;
const ME = gql`
  query Me { me { id username displayName profile { occupation bio socialLinks { github } } } }
`;
const CREATE_POST = gql`
  mutation CreatePost($input: CreatePostInput!) {
    createPost(input: $input) {
      postEdge { cursor node { id title status author { id username } } }
      userErrors { code field message }
    }
  }
`;
const UPDATE_POST = gql`
  mutation UpdatePost($input: UpdatePostInput!) {
    updatePost(input: $input) { post { id title status } userErrors { code field message } }
  }
`;
const DELETE_POST = gql`
  mutation DeletePost($input: DeletePostInput!) {
    deletePost(input: $input) { deletedPostId userErrors { code message } }
  }
`;
const CREATE_COMMENT = gql`
  mutation CreateComment($input: CreateCommentInput!) {
    createComment(input: $input) {
      commentEdge { cursor node { ...Said } }
      userErrors { code field message }
    }
  }
  ${COMMENT}
`;
const UPDATE_COMMENT = gql`
  mutation UpdateComment($input: UpdateCommentInput!) {
    updateComment(input: $input) { comment { id body } userErrors { code field message } }
  }
`;
const DELETE_COMMENT = gql`
  mutation DeleteComment($input: DeleteCommentInput!) {
    deleteComment(input: $input) { deletedCommentId postId userErrors { code message } }
  }
`;
const UPDATE_PROFILE = gql`
  mutation UpdateProfile($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user { id displayName profile { occupation bio socialLinks { github } } }
      userErrors { code field message }
    }
  }
`;

test('Apollo Client', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const ada = await joined(server, 'ada');
  const { client, sent } = front(server, { access: ada.accessToken });

  const query = (query, variables) => client.query({ query, variables }).then(({ data }) => data);
  const mutate = (mutation, input, update) => client.mutate({ mutation, variables: { input }, update });
  const cached = (query, variables) => client.readQuery({ query, variables });
  const titles = () => cached(FEED, { first: 2 }).posts.edges.map(({ node }) => node.title);
  const bodies = () => cached(DISCUSSION, { id: post }).post.comments.edges.map(({ node }) => node.body);
  const write = (title) => server.graphql(
    'mutation ($t: String!) { createPost(input: { title: $t, body: "B", status: PUBLISHED }) { post { id } } }',
    { t: title },
    ada.accessToken,
  );
  /** Runs a step of which only mutations may reach the server. */
  const withoutRefetch = async (run) => {
    const before = sent.length;
    await run();
    assert.ok(sent.slice(before).every((kind) => kind === 'mutation'), sent.slice(before).join());
  };
  let post;

  await t.test('relayStylePagination joins pages into one list', async (t) => {
    for (const title of ['One', 'Two', 'Three']) await write(title);
    await query(FEED, { first: 2 });
    const feed = client.watchQuery({ query: FEED, variables: { first: 2 } });
    const watched = feed.subscribe(() => {});
    t.after(() => watched.unsubscribe());
    assert.deepEqual(titles(), ['Three', 'Two']);
    const { pageInfo } = cached(FEED, { first: 2 }).posts;
    assert.ok(pageInfo.hasNextPage);
    await feed.fetchMore({ variables: { after: pageInfo.endCursor } });
    assert.deepEqual(titles(), ['Three', 'Two', 'One']);
    assert.ok(!cached(FEED, { first: 2 }).posts.pageInfo.hasNextPage);
  });

  await t.test('createPost: the edge goes to the front of the list', () =>
    withoutRefetch(async () => {
      await mutate(CREATE_POST, { title: 'Four', body: 'B', status: 'DRAFT' }, (cache, { data }) => {
        const edge = data.createPost.postEdge;
        post = edge.node.id;
        const posts = (list, { toReference }) => {
          return { ...list, edges: [{ ...edge, node: toReference(edge.node) }, ...list.edges] };
        };
        cache.modify({ fields: { posts } });
      });
      assert.deepEqual(titles(), ['Four', 'Three', 'Two', 'One']);
    }));

  await t.test('updatePost: the payload alone changes the list', () =>
    withoutRefetch(async () => {
      await mutate(UPDATE_POST, { id: post, title: 'Fourth', status: 'PUBLISHED' });
      assert.deepEqual(titles(), ['Fourth', 'Three', 'Two', 'One']);
      assert.equal(cached(FEED, { first: 2 }).posts.edges[0].node.status, 'PUBLISHED');
    }));

  await t.test('createComment: the edge goes to the end of the post\'s list', async () => {
    await query(DISCUSSION, { id: post });
    await withoutRefetch(async () => {
      for (const body of ['First', 'Second']) {
        await mutate(CREATE_COMMENT, { postId: post, body }, (cache, { data }) => {
          const edge = data.createComment.commentEdge;
          const comments = (list, { toReference }) => {
            return { ...list, edges: [...list.edges, { ...edge, node: toReference(edge.node) }] };
          };
          cache.modify({ id: cache.identify({ __typename: 'Post', id: post }), fields: { comments } });
        });
      }
      assert.deepEqual(bodies(), ['First', 'Second']);
    });
  });

  await t.test('updateComment: the payload alone changes it', () =>
    withoutRefetch(async () => {
      const { id } = cached(DISCUSSION, { id: post }).post.comments.edges[0].node;
      await mutate(UPDATE_COMMENT, { id, body: 'Primary' });
      assert.deepEqual(bodies(), ['Primary', 'Second']);
    }));

  await t.test('deleteComment: the ids in the payload find what to evict', () =>
    withoutRefetch(async () => {
      const { id } = cached(DISCUSSION, { id: post }).post.comments.edges[0].node;
      await mutate(DELETE_COMMENT, { id }, (cache, { data }) => {
        const { deletedCommentId, postId } = data.deleteComment;
        assert.equal(postId, post);
        cache.evict({ id: cache.identify({ __typename: 'Comment', id: deletedCommentId }) });
      });
      assert.deepEqual(bodies(), ['Second']);
    }));

  await t.test('deletePost: the id in the payload finds what to evict', () =>
    withoutRefetch(async () => {
      const { id } = cached(FEED, { first: 2 }).posts.edges[1].node;
      await mutate(DELETE_POST, { id }, (cache, { data }) => {
        cache.evict({ id: cache.identify({ __typename: 'Post', id: data.deletePost.deletedPostId }) });
      });
      assert.deepEqual(titles(), ['Fourth', 'Two', 'One']);
    }));

  await t.test('updateProfile: the payload alone changes who is signed in', async () => {
    await query(ME);
    await withoutRefetch(async () => {
      const socialLinks = { github: 'https://github.com/ada' };
      await mutate(UPDATE_PROFILE, { firstName: 'Augusta', occupation: 'Analyst', bio: 'Poetical.', socialLinks });
      const { me } = cached(ME);
      assert.equal(me.displayName, 'Augusta Test');
      assert.equal(me.profile.occupation, 'Analyst');
      assert.equal(me.profile.socialLinks.github, socialLinks.github);
    });
  });

  await t.test('the cache holds what the server holds', async () => {
    for (const [query, variables] of [[FEED, { first: 2 }], [DISCUSSION, { id: post }], [ME]]) {
      const all = { ...variables, ...(variables?.first && { first: 20 }) };
      const { data } = await client.query({ query, variables: all, fetchPolicy: 'no-cache' });
      const rows = ({ posts, post, me }) => (posts ?? post?.comments)?.edges.map(({ node }) => node) ?? me;
      assert.deepEqual(rows(cached(query, variables)), rows(data));
    }
  });

  await t.test('a subscription over GraphQLWsLink brings what others write', async (t) => {
    const bob = await joined(server, 'bob');
    const heard = [];
    const live = client
      .subscribe({
        query: gql`
          subscription Live($post: ID!) { commentAdded(postId: $post) { ...Said } }
          ${COMMENT}
        `,
        variables: { post },
      })
      .subscribe(({ data }) => heard.push(data.commentAdded));
    t.after(() => live.unsubscribe());
    const { client: bobs } = front(server, { access: bob.accessToken });
    const say = () => bobs.mutate({ mutation: CREATE_COMMENT, variables: { input: { postId: post, body: 'Live' } } });
    await until(async () => (await say(), heard.length > 0), 10_000, 'a live comment');
    assert.equal(heard[0].body, 'Live');
    assert.equal(heard[0].author.username, 'bob');
  });

  await t.test('error codes arrive', async () => {
    const { client: strangers } = front(server, {});
    const code = (code) => (error) => {
      assert.ok(CombinedGraphQLErrors.is(error), String(error));
      assert.equal(error.errors[0].extensions.code, code);
      return true;
    };
    const input = { title: 'No', body: 'No' };
    await assert.rejects(strangers.mutate({ mutation: CREATE_POST, variables: { input } }), code('UNAUTHENTICATED'));
    await assert.rejects(query(gql`query Nothing { nothing }`), code('GRAPHQL_VALIDATION_FAILED'));
    await assert.rejects(mutate(DELETE_COMMENT, { id: post }), code('NOT_FOUND'));
  });

  await t.test('what a person can mend arrives as data', async () => {
    const { data } = await mutate(CREATE_POST, { title: '', body: 'B' });
    assert.deepEqual(data.createPost.userErrors.map(({ code, field }) => [code, field]), [['REQUIRED', ['title']]]);
    assert.equal(data.createPost.postEdge, null);
  });
});

test('Apollo Client refreshes a session whose access token is no longer good, and asks again', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const { accessToken, refreshToken } = await joined(server, 'ada');
  const session = { access: accessToken.replace(/[^.]+$/, 'x'.repeat(43)), refresh: refreshToken };
  const { client } = front(server, session);
  const { data } = await client.query({ query: ME });
  assert.equal(data.me.username, 'ada');
  assert.notEqual(session.access, accessToken);
  assert.notEqual(session.refresh, refreshToken);
});

test('Apollo Client persists its queries: the text goes over once, then GET with the hash alone', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const requests = [];
  const http = new HttpLink({
    uri: `${server.url}/graphql`,
    fetch: (url, init) => {
      const sent = init.body ?? new URL(url).search;
      requests.push(`${init.method} ${sent.includes('query') ? 'with' : 'without'} the text`);
      return fetch(url, init);
    },
  });
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(http);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const ask = () => client.query({ query: FEED, variables: { first: 2 }, fetchPolicy: 'network-only' });
  assert.deepEqual((await ask()).data.posts.edges, []);
  await ask();
  assert.deepEqual(requests, ['GET without the text', 'POST with the text', 'GET without the text']);
});
