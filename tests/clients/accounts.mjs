// The account operations that the tests share, as a front end would write them. Each answers the payload, and
// fails when the server answers a top-level error instead.

import assert from 'node:assert/strict';

// Every input field that is used here is a string, so the names of the input types need not be known.
const mutation = (name, input) => {
  const keys = Object.keys(input);
  const variables = keys.map((key) => `$${key}: String!`).join(' ');
  const fields = keys.map((key) => `${key}: $${key}`).join(' ');
  const more = name === 'login' ? 'accessToken user { id username }' : '';
  return `mutation (${variables}) {
    ${name}(input: { ${fields} }) { ${more} userErrors { code message field } }
  }`;
};

const run = (name) => async (server, input) => {
  const { data, errors } = await server.graphql(mutation(name, input), input);
  assert.equal(errors, undefined, `${name}: ${JSON.stringify(errors)}`);
  const payload = data[name];
  for (const { code, message } of payload.userErrors) {
    assert.match(code, /^[A-Z][A-Z_]*$/);
    assert.notEqual(message.trim(), '');
  }
  return payload;
};

export const signup = run('signup');
export const verifyEmail = run('verifyEmail');
export const login = run('login');
export const forgotPassword = run('forgotPassword');
export const resetPassword = run('resetPassword');

/** `{ data, errors }` of `me`, for one who holds this token, or for a stranger. */
export const me = (server, token) => server.graphql('{ me { id username email } }', undefined, token);

/** Logs in where it must succeed. */
export async function loggedIn(server, identifier, password) {
  const { accessToken, user, userErrors } = await login(server, { identifier, password });
  assert.deepEqual(userErrors, []);
  assert.match(accessToken, /^[\w-]+\.[\w-]+\.[\w-]+$/, 'a JWT');
  return { accessToken, user };
}

/** Tries to log in where it must be refused. */
export async function refused(server, identifier, password) {
  const { accessToken, user, userErrors } = await login(server, { identifier, password });
  assert.equal(accessToken, null);
  assert.equal(user, null);
  assert.equal(userErrors.length, 1, JSON.stringify(userErrors));
  return userErrors[0];
}

/** Asserts that the server no longer takes this token, and says why. */
export async function revoked(server, token) {
  const { data, errors } = await me(server, token);
  assert.equal(data?.me ?? null, null);
  assert.equal(errors?.length, 1, JSON.stringify({ data, errors }));
  assert.equal(errors[0].extensions?.code, 'UNAUTHENTICATED');
  assert.equal(errors[0].extensions.reason, 'REVOKED');
}

/** The settings under which a sign-up also signs in, for tests of something else. */
export const OPEN = { EMAIL_VERIFICATION: 'optional', ACCOUNT_DISCLOSURE: 'friendly' };

/** A new person who is signed in; the server runs with the settings `OPEN`. */
export async function joined(server, username) {
  const password = 'seven quiet lanterns over the river';
  const { data, errors } = await server.graphql(
    `mutation ($input: SignupInput!) {
      signup(input: $input) { accessToken refreshToken user { id username } userErrors { code message } }
    }`,
    { input: { username, email: `${username}@example.test`, password, firstName: username, lastName: 'Test' } },
  );
  assert.equal(errors, undefined, JSON.stringify(errors));
  assert.deepEqual(data.signup.userErrors, []);
  return { ...data.signup, username, password };
}
