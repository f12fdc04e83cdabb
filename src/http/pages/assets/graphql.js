// Talks to /graphql as any client would, and says what went wrong in words for the person at the screen.

const ANSWERS_WITHIN = 30_000;

/** What stands between a person and an answer. `code` is that of the server, where it gave one. */
export class Refused extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/** The data of an answer. With `cookie` in the name of who is signed in; else in nobody's. */
export async function ask(query, variables = {}, { cookie = false } = {}) {
  const answer = await post(cookie, bodyOf(query, variables));
  const { data, errors } = (await answer.json().catch(() => null)) ?? {};
  if (errors?.length) throw new Refused(reason(errors[0]), errors[0].extensions?.code);
  if (!data) throw new Refused(`The server gave no proper answer (${answer.status}). Try again in a moment.`);
  return data;
}

/** The payload of a mutation that takes one input: `select` and the user errors. */
export async function mutate(name, input, { select = '', cookie } = {}) {
  const type = `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${select} userErrors { message field } } }`;
  return (await ask(query, { input }, { cookie }))[name];
}

/** JSON; with a file in the input a form, by the multipart request specification. */
function bodyOf(query, variables) {
  const file = variables.input && Object.entries(variables.input).find(([, value]) => value instanceof File);
  if (!file) return JSON.stringify({ query, variables });
  const [field, picture] = file;
  const form = new FormData();
  form.set('operations', JSON.stringify({ query, variables: { input: { ...variables.input, [field]: null } } }));
  form.set('map', JSON.stringify({ 0: [`variables.input.${field}`] }));
  form.set('0', picture);
  return form;
}

async function post(cookie, body) {
  try {
    return await fetch('/graphql', {
      method: 'POST',
      credentials: cookie ? 'same-origin' : 'omit',
      headers: {
        accept: 'application/graphql-response+json, application/json',
        // No other site can send this header, so the server knows that the cookie was meant to come along.
        'x-requested-with': 'lyceum',
        ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      },
      body,
      signal: AbortSignal.timeout(ANSWERS_WITHIN),
    });
  } catch {
    throw new Refused('The server cannot be reached. Check your connection and try again.');
  }
}

function reason({ message, extensions: { code, retryAfter } = {} }) {
  return code === 'RATE_LIMITED' && retryAfter > 0
    ? `That was too often. Try again in ${inWords(retryAfter)}.`
    : message;
}

function inWords(seconds) {
  const [amount, unit] = seconds < 90 ? [Math.ceil(seconds), 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
