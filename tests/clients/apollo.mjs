// An Apollo Client for one session, as a front end would set it up: a refresh of the session by a link, live updates
// over a socket, connections as endless lists.

import assert from 'node:assert/strict';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client/core';
import { ErrorLink } from '@apollo/client/link/error';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';
import { from, switchMap } from 'rxjs';
import WebSocket from 'ws';
import { uploadLink } from './upload.mjs';

/** An Apollo Client for one session; `sent` says what kinds of operations went out over HTTP. */
export function front(server, session) {
  const sent = [];
  const socket = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ authorization: `Bearer ${session.access}` }),
  });
  const http = new HttpLink({
    uri: `${server.url}/graphql`,
    fetch: (url, init) =>
      fetch(url, {
        ...init,
        headers: { ...init.headers, ...(session.access && { authorization: `Bearer ${session.access}` }) },
      }),
  });
  const counted = new ApolloLink((operation, forward) => {
    sent.push(operation.operationType);
    return forward(operation);
  });
  const refreshed = new ErrorLink(({ error, operation, forward }) => {
    const codes = CombinedGraphQLErrors.is(error) ? error.errors.map(({ extensions }) => extensions.code) : [];
    if (!codes.includes('UNAUTHENTICATED') || !session.refresh) return undefined;
    return from(refresh(server, session)).pipe(switchMap(() => forward(operation)));
  });
  const uploads = uploadLink(() => ({
    uri: `${server.url}/graphql`,
    headers: { authorization: `Bearer ${session.access}`, 'graphql-require-preflight': '1' },
  }));
  const fetched = ApolloLink.split(({ variables }) => variables.file, uploads, http);
  const link = ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    new GraphQLWsLink(socket),
    ApolloLink.from([counted, refreshed, fetched]),
  );
  const list = relayStylePagination;
  const cache = new InMemoryCache({
    typePolicies: {
      Query: { fields: { posts: list(['filter', 'orderBy']), users: list(['filter', 'orderBy']) } },
      Post: { fields: { comments: list(['orderBy']) } },
    },
  });
  const client = new ApolloClient({ link, cache });
  return { client, sent };
}

async function refresh(server, session) {
  const { data } = await server.graphql(
    `mutation ($token: String!) {
      refreshSession(input: { refreshToken: $token }) { accessToken refreshToken userErrors { code } }
    }`,
    { token: session.refresh },
  );
  const { accessToken, refreshToken, userErrors } = data.refreshSession;
  assert.deepEqual(userErrors, []);
  Object.assign(session, { access: accessToken, refresh: refreshToken });
}
