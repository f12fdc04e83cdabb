// Sends a mutation with the variable `$file` by the GraphQL multipart request specification, from Apollo Client.

import { ApolloLink } from '@apollo/client/core';
import { print } from 'graphql';
import { from } from 'rxjs';

/** What a request is sent with may be a function, when it changes. */
export const uploadLink = (options) =>
  new ApolloLink(({ query, variables: { file, ...variables } }) => {
    const { uri, ...init } = typeof options === 'function' ? options() : options;
    const body = new FormData();
    body.set('operations', JSON.stringify({ query: print(query), variables: { ...variables, file: null } }));
    body.set('map', JSON.stringify({ 0: ['variables.file'] }));
    body.set('0', file);
    return from(fetch(uri, { ...init, method: 'POST', body }).then((answer) => answer.json()));
  });
