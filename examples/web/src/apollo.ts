// How the app talks to Lyceum: queries and mutations by fetch, a file as multipart, subscriptions over one socket.
// The session is a cookie that scripts cannot read, so there is no token to keep here.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import { NEVER } from 'rxjs';
import { codeOf } from './errors';
import { uploadLink } from './upload';

/** Another host than the page's own is set at build time, and has to list the page in ALLOWED_ORIGINS. */
const uri = `${import.meta.env.VITE_LYCEUM_URL ?? location.origin}/graphql`;

/** The cookie goes along, with a header that no form of another site can send. */
const http = { uri, credentials: 'include', headers: { 'x-requested-with': 'lyceum-web' } } as const;

const byType = ApolloLink.split(
  ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
  new GraphQLWsLink(createClient({ url: uri.replace(/^http/, 'ws') })),
  ApolloLink.split(({ variables }) => variables.file instanceof File, uploadLink(http), new HttpLink(http)),
);

/** A session can end at any time, from another device too. A fresh page forgets all that it showed. */
const ended = new ErrorLink(({ error }) => {
  if (codeOf(error) !== 'UNAUTHENTICATED') return;
  location.assign('/login?ended');
  return NEVER; // while the page is being left, no screen needs to tell
});

export const client = new ApolloClient({
  link: ended.concat(byType),
  cache: new InMemoryCache({
    typePolicies: {
      Query: { fields: { posts: relayStylePagination(['filter']), users: relayStylePagination(['filter']) } },
      Post: { fields: { comments: relayStylePagination(['orderBy']) } },
      User: { fields: { profile: { merge: true } } },
    },
  }),
});
