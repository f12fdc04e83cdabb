// The pages of one form after the other: signing up and in, and what the links of mails lead to. Shows the form
// that fits, and the next one when it is done. What forms.js knows of a form apart:
//   data-token     send the token of the link, as long as there is one
//   data-next      the steps to show when it worked; data-on-fault: when the server refused
//   data-leads     the page to go to when it worked

import { conceal, prepare } from './forms.js';
import { ask } from './graphql.js';
import { arrive, leave, say } from './messages.js';
import { watch } from './username.js';

const main = document.querySelector('main');
const steps = [...main.querySelectorAll('[data-step]')];
const cookie = 'cookie' in main.dataset;

let token = new URLSearchParams(location.search).get('token') ?? '';
// From the address bar a token would get into the history, into pictures of the screen and into copied links.
history.replaceState(null, '', location.pathname);

for (const form of main.querySelectorAll('form')) {
  const { next = '', onFault, leads } = form.dataset;
  prepare(form, {
    cookie,
    mend: (input) => complete(form, input),
    done() {
      if (leads) return leave(leads);
      share(form);
      token = '';
      show(next);
    },
    refused() {
      share(form);
      if (onFault) show(onFault);
    },
  });
}
for (const button of main.querySelectorAll('[data-show]')) {
  button.addEventListener('click', () => {
    token = '';
    say(main, {});
    show(button.dataset.show);
    visible('input').focus();
  });
}
for (const input of main.querySelectorAll('[data-availability]')) watch(input);
show((token && main.dataset.withToken) || main.dataset.first);
arrive(main);
if (cookie) void enter();

/** Who is signed in already has nothing to do here. The question also takes the cookie of an ended session away. */
async function enter() {
  const data = await ask('{ me { id } }', {}, { cookie }).catch(() => null);
  if (data?.me) leave('/account');
}

function complete(form, input) {
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

function show(names) {
  const shown = names.split(' ');
  for (const step of steps) step.hidden = !shown.includes(step.dataset.step);
  // A hidden field that is required would stop its form without a word, so it is disabled too.
  for (const part of main.querySelectorAll('[data-instead-of-token]')) part.hidden = part.disabled = token !== '';
  for (const form of main.querySelectorAll('form')) conceal(form);
  const title = steps.find((step) => !step.hidden && step.dataset.title)?.dataset.title;
  if (title) main.querySelector('h1').textContent = title;
}

function visible(selector) {
  return [...main.querySelectorAll(selector)].find((element) => element.checkVisibility());
}
