// Tells beside a username, while it is typed, whether one can have it.

import { ask } from './graphql.js';

const PAUSE = 400;

export function watch(input) {
  const place = document.getElementById(input.dataset.availability);
  let timer;
  input.addEventListener('input', () => {
    clearTimeout(timer);
    place.textContent = '';
    if (worthAsking(input)) timer = setTimeout(() => void tell(input, place), PAUSE);
  });
}

function worthAsking({ value, defaultValue, validity }) {
  return value !== '' && !validity.patternMismatch && value.toLowerCase() !== defaultValue.toLowerCase();
}

async function tell(input, place) {
  const username = input.value;
  const query = 'query ($username: String!) { usernameAvailable(username: $username) }';
  // Without an answer there is nothing to say: the form itself is answered with all that is wrong.
  const data = await ask(query, { username }).catch(() => null);
  if (!data || input.value !== username) return;
  place.textContent = data.usernameAvailable ? `${username} is free.` : `${username} is taken or reserved.`;
}
