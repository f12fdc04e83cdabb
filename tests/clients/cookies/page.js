// What a page of a front end does, by two clients, for cookies.test.mjs to call: the session is a cookie of the server,
// which goes along with `credentials: include`, and no script sees a token.

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client/core';
import { Client, fetchExchange } from '@urql/core';
import { uploadLink } from '../upload.mjs';

const headers = { 'graphql-require-preflight': '1' };

/** Apollo sends files by a link of one's own. */
function apollo(uri) {
  const http = { uri, credentials: 'include', headers };
  const link = ApolloLink.split(({ variables }) => variables.file, uploadLink(http), new HttpLink(http));
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return async (text, variables) => {
    const operation = text.startsWith('mutation')
      ? client.mutate({ mutation: gql(text), variables })
      : client.query({ query: gql(text), variables, fetchPolicy: 'network-only' });
    return (await operation).data;
  };
}

/** urql sends files by itself. */
function urql(url) {
  const fetchOptions = { credentials: 'include', headers };
  const client = new Client({ url, fetchOptions, preferGetMethod: false, exchanges: [fetchExchange] });
  return async (text, variables) => {
    const { data, error } = text.startsWith('mutation')
      ? await client.mutation(text, variables)
      : await client.query(text, variables);
    if (error) throw error;
    return data;
  };
}

/** A picture to send, since none can be handed to a page from outside. */
async function picture() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
  canvas.getContext('2d').fillRect(8, 8, 48, 48);
  return new File([await new Promise((done) => canvas.toBlob(done))], 'me.png', { type: 'image/png' });
}

const clients = { apollo, urql };
globalThis.run = async (name, url, text, { file, ...variables } = {}) =>
  clients[name](url)(text, { ...variables, ...(file && { file: await picture() }) });
