// What every form of the pages does: it goes to /graphql, shows that it waits, tells what came of it, and shows each
// fault at its field. What a form does is written on it:
//   data-mutation  the mutation; the names of the fields are those of its input, with a dot into what it holds
//   data-select    what to ask of its payload
//   data-success   what to say when it worked
// Its messages stand in the nearest element with data-part, or at the top of the page.

import { mutate } from './graphql.js';
import { say, told } from './messages.js';

/**
 * `mend` may complete the input before it is sent; `done` is told the payload, `refused` that there are user errors,
 * and `failed` what else went wrong: true from it says that the page takes care of it.
 */
export function prepare(form, { cookie, mend = (input) => input, done, refused, failed }) {
  // The browser's own bubbles are gone in a moment, and some readers never tell them.
  form.addEventListener('invalid', (event) => {
    event.preventDefault();
    markAt(form, event.target.name, event.target.validationMessage);
    focusFault(form);
  }, true);
  form.addEventListener('input', ({ target }) => {
    if (unmark(form, target.name) && !form.querySelector('[aria-invalid=true]')) say(partOf(form), {});
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    await waiting(event.submitter, async () => {
      say(partOf(form), {});
      for (const { name } of form.elements) unmark(form, name);
      try {
        const { mutation, select } = form.dataset;
        const payload = await mutate(mutation, mend(inputOf(form)), { select, cookie });
        if (payload.userErrors.length === 0) return await succeed(form, payload, done);
        refused?.();
        showFaults(form, payload.userErrors);
      } catch (error) {
        if (!failed?.(error)) say(partOf(form), { bad: error.message });
      }
    });
  });
  for (const button of form.querySelectorAll('[data-reveal]')) {
    button.addEventListener('click', () => reveal(button, secretOf(button).type === 'password'));
  }
}

/** Back to dots, when a form is done with. */
export function conceal(form) {
  for (const button of form.querySelectorAll('[data-reveal]')) reveal(button, false);
}

/** Keeps a button from being pressed twice. */
export async function waiting(button, work) {
  const part = partOf(button);
  busy(button, true);
  try {
    return await work();
  } finally {
    busy(button, false);
    // A disabled or a hidden element loses the focus, and with it the keyboard its place.
    const place = button.checkVisibility() ? button : told(part);
    if (document.activeElement === document.body) place?.focus({ preventScroll: true });
  }
}

/** The part of the page that tells what becomes of this element. */
export function partOf(element) {
  return element.closest('[data-part]') ?? document.querySelector('main');
}

function busy(button, waits) {
  button.disabled = waits;
  button.ariaBusy = String(waits);
}

async function succeed(form, payload, done) {
  await done(payload);
  form.reset();
  conceal(form);
  if (form.dataset.success) say(partOf(form), { good: form.dataset.success });
}

/** The fields by their names. What may be empty and is, is null; a name with a dot leads into what it holds. */
function inputOf(form) {
  const input = {};
  for (const [name, value] of new FormData(form)) {
    const path = name.split('.');
    const last = path.pop();
    const place = path.reduce((inner, key) => (inner[key] ??= {}), input);
    place[last] = value === '' && !form.elements[name].required ? null : value;
  }
  return input;
}

/** Each fault at its field. What has none, or none that shows, stands above the form. */
function showFaults(form, faults) {
  const [placed, other] = [[], []];
  for (const { message, field } of faults) {
    (markAt(form, field?.join('.'), message) ? placed : other).push(message);
  }
  const count = placed.length === 1 ? 'One field needs' : `${placed.length} fields need`;
  say(partOf(form), { bad: [...(placed.length ? [`${count} another look.`] : []), ...other].join(' ') });
  focusFault(form);
}

function markAt(form, name, message) {
  const field = fieldOf(form, name);
  if (!field?.checkVisibility()) return false;
  const fault = Object.assign(document.createElement('p'), { id: `${field.id}-fault`, className: 'fault' });
  fault.textContent = message;
  unmark(form, name);
  if (field.matches('fieldset')) field.append(fault);
  else (field.closest('.password') ?? field).after(fault);
  field.ariaInvalid = 'true';
  field.setAttribute('aria-describedby', [fault.id, ...describing(field)].join(' '));
  return true;
}

/** Whether there was a fault to take away. */
function unmark(form, name) {
  const field = fieldOf(form, name);
  if (field?.ariaInvalid !== 'true') return false;
  const fault = document.getElementById(`${field.id}-fault`);
  fault.remove();
  field.ariaInvalid = null;
  field.setAttribute('aria-describedby', describing(field).filter((id) => id !== fault.id).join(' '));
  return true;
}

function focusFault(form) {
  const field = form.querySelector('[aria-invalid=true]');
  (field?.matches('fieldset') ? field.querySelector('input') : field)?.focus();
}

/** What asks for the value: an input, or the whole group of a choice. */
function fieldOf(form, name) {
  const field = name ? form.elements[name] : undefined;
  return field instanceof RadioNodeList ? field[0].closest('fieldset') : field;
}

function describing(field) {
  return field.getAttribute('aria-describedby')?.split(' ').filter(Boolean) ?? [];
}

function reveal(button, revealed) {
  secretOf(button).type = revealed ? 'text' : 'password';
  button.textContent = revealed ? 'Hide' : 'Show';
  button.ariaLabel = `${button.textContent} the password`;
}

function secretOf(button) {
  return document.getElementById(button.dataset.reveal);
}
