// The errors that are not the person's to mend (those come as `userErrors`, see form.tsx): a missing right, too many
// attempts, no connection.

import { CombinedGraphQLErrors } from '@apollo/client/errors';

/** The `extensions.code` of an answer, such as RATE_LIMITED. */
export function codeOf(error: unknown) {
  return CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.code : undefined;
}

/** What to tell the person. The server's messages are sentences for people. */
export function told(error: unknown) {
  const [first] = CombinedGraphQLErrors.is(error) ? error.errors : [];
  return first?.message ?? 'The server cannot be reached. Try again in a moment.';
}
