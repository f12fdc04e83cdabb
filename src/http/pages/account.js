// The pages behind the links of mails. Shows the form that fits the link, sends it to /graphql as any client
// would, and tells what came of it. What a form does is written on it:
//   data-mutation  the mutation; the names of the fields are those of its input
//   data-token     send the token of the link, as long as there is one
//   data-success   what to say when it worked; data-next: the steps to show then
//   data-on-fault  the steps to show when the server refused

const ANSWERS_WITHIN = 30_000;

const main = document.querySelector('main');
const status = main.querySelector('[role=status]');
const alert = main.querySelector('[role=alert]');
const forms = [...main.querySelectorAll('form')];

let token = new URLSearchParams(location.search).get('token') ?? '';
// From the address bar a token would get into the history, into pictures of the screen and into copied links.
history.replaceState(null, '', location.pathname);

for (const form of forms) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(form);
  });
}
for (const button of main.querySelectorAll('[data-show]')) {
  button.addEventListener('click', () => {
    token = '';
    say([], []);
    show(button.dataset.show);
    visible('input').focus();
  });
}
for (const button of main.querySelectorAll('[data-reveal]')) {
  button.addEventListener('click', () => reveal(button, secretOf(button).type === 'password'));
}
show(token ? main.dataset.withToken : main.dataset.withoutToken);

async function submit(form) {
  const button = form.querySelector('button:not([type=button])');
  const input = inputOf(form);
  say([], []);
  wait(button, true);
  try {
    const faults = await mutate(form.dataset.mutation, input);
    if (faults.length > 0) refused(form, faults);
    else succeeded(form);
  } catch (error) {
    say([], [error.message]);
  } finally {
    wait(button, false);
    // A disabled or a hidden element loses the focus, and with it the keyboard its place.
    if (document.activeElement === document.body) (button.checkVisibility() ? button : told()).focus();
  }
}

function succeeded(form) {
  const { success, next = '' } = form.dataset;
  share(form);
  form.reset();
  token = '';
  show(next);
  say([success], []);
}

function refused(form, faults) {
  share(form);
  if (form.dataset.onFault) show(form.dataset.onFault);
  say([], faults);
}

function inputOf(form) {
  const input = Object.fromEntries(new FormData(form));
  if (input.code) input.code = input.code.replace(/\s/g, '');
  if (token && 'token' in form.dataset) input.token = token;
  return input;
}

/** Nobody should type an address twice. */
function share(form) {
  const email = new FormData(form).get('email');
  if (!email) return;
  // As the default value it also outlives the reset of its form.
  for (const field of main.querySelectorAll('input[name=email]')) field.defaultValue = field.value = email;
}

/** The messages of the user errors. Throws what else went wrong, in words for the person at the screen. */
async function mutate(name, input) {
  const fields = Object.keys(input);
  const declared = fields.map((field) => `$${field}: String!`).join(', ');
  const passed = fields.map((field) => `${field}: $${field}`).join(', ');
  const query = `mutation (${declared}) { ${name}(input: {${passed}}) { userErrors { message } } }`;
  const answer = await post({ query, variables: input });
  const body = await answer.json().catch(() => null);
  const faults = body?.data?.[name]?.userErrors;
  if (!faults) throw new Error(reason(body?.errors?.[0], answer.status));
  return faults.map(({ message }) => message);
}

async function post(request) {
  try {
    return await fetch('/graphql', {
      method: 'POST',
      // The link speaks for itself; a cookie of an ended session would only be refused.
      credentials: 'omit',
      headers: {
        accept: 'application/graphql-response+json, application/json',
        'content-type': 'application/json',
        'x-requested-with': 'lyceum',
      },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(ANSWERS_WITHIN),
    });
  } catch {
    throw new Error('The server cannot be reached. Check your connection and try again.');
  }
}

function reason(error, httpStatus) {
  const { code, retryAfter } = error?.extensions ?? {};
  if (code === 'RATE_LIMITED' && retryAfter > 0) return `That was too often. Try again in ${inWords(retryAfter)}.`;
  return error?.message ?? `The server gave no proper answer (${httpStatus}). Try again in a moment.`;
}

function inWords(seconds) {
  const [amount, unit] = seconds < 90 ? [Math.ceil(seconds), 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

function show(steps) {
  const shown = steps.split(' ');
  for (const form of forms) form.hidden = !shown.includes(form.dataset.step);
  // A hidden field that is required would stop its form without a word, so it is disabled too.
  for (const part of main.querySelectorAll('[data-instead-of-token]')) part.hidden = part.disabled = token !== '';
  for (const button of main.querySelectorAll('[data-reveal]')) reveal(button, false);
}

function reveal(button, revealed) {
  secretOf(button).type = revealed ? 'text' : 'password';
  button.textContent = revealed ? 'Hide' : 'Show';
  button.ariaLabel = `${button.textContent} the password`;
}

function secretOf(button) {
  return document.getElementById(button.dataset.reveal);
}

function say(good, bad) {
  fill(status, good);
  fill(alert, bad);
  told()?.scrollIntoView({ block: 'nearest' });
}

function fill(place, messages) {
  const lines = messages.map((message) => Object.assign(document.createElement('p'), { textContent: message }));
  place.replaceChildren(...lines);
}

function wait(button, waiting) {
  button.disabled = waiting;
  button.ariaBusy = String(waiting);
}

function told() {
  return [status, alert].find((place) => place.childElementCount > 0);
}

function visible(selector) {
  return [...main.querySelectorAll(selector)].find((element) => element.checkVisibility());
}
