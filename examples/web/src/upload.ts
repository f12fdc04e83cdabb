// A mutation with the variable `$file`, by the GraphQL multipart request specification: what is asked, which variable
// waits for the file, and the file.

import { ApolloLink } from '@apollo/client';
import { print } from 'graphql';
import { from } from 'rxjs';

interface Options {
  uri: string;
  credentials: RequestCredentials;
  headers: Record<string, string>;
}

export const uploadLink = ({ uri, credentials, headers }: Options) =>
  new ApolloLink(({ query, variables: { file, ...variables } }) => {
    const body = new FormData();
    body.set('operations', JSON.stringify({ query: print(query), variables: { ...variables, file: null } }));
    body.set('map', JSON.stringify({ 0: ['variables.file'] }));
    body.set('0', file);
    return from(fetch(uri, { method: 'POST', credentials, headers, body }).then((answer) => answer.json()));
  });
