// The story of `operations/`, which vite.config.js writes into the page: its steps and their first tabs.
// A text `{{name}}` stands for a value that an earlier answer brings, or that a person reads in a mail.

export const steps = JSON.parse(document.getElementById('story').textContent).map(step);

function step({ file, query, variables, headers, keep = {}, tab = false }) {
  return {
    name: /^(?:query|mutation|subscription) +(\w+)/m.exec(query)[1],
    title: sentence(file),
    about: (query.match(/^#.*$/gm) ?? []).map((line) => line.slice(1).trim()).join(' ').replaceAll('`', ''),
    query,
    variables: text(variables),
    headers: text(headers),
    signedIn: Boolean(headers?.Authorization),
    keep,
    tab,
  };
}

/** `06-write-a-post.graphql` is «Write a post». */
function sentence(file) {
  const words = file.replace(/^\d+-/, '').replace('.graphql', '').replaceAll('-', ' ');
  return words[0].toUpperCase() + words.slice(1);
}

function text(value) {
  return value ? JSON.stringify(value, null, 2) : '';
}

export const stepOf = (operation) => steps.find(({ name }) => name === operation);

/** The step whose answer brings the value of this name. */
export const bringerOf = (value) => steps.find(({ keep }) => value in keep);

export const firstTabs = steps
  .filter(({ tab }) => tab)
  .map(({ query, variables, headers }) => ({ query, variables, headers }));

const PLACEHOLDER = /\{\{(.+?)\}\}/g;

/** The names of the values that this text still waits for. */
export const missing = (text) => [...new Set([...(text ?? '').matchAll(PLACEHOLDER)].map(([, name]) => name))];

/** A JSON text with the values that are known in their places. */
export const fill = (text, values) =>
  text.replace(PLACEHOLDER, (whole, name) => (name in values ? JSON.stringify(values[name]).slice(1, -1) : whole));

/** What stands at a path such as `login.user.id` or `users.nodes.0.id`. */
export const at = (data, path) => path.split('.').reduce((value, key) => value?.[key], data);
