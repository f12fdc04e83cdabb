// The page of who is signed in. Nothing of a person is in the page itself: all of it comes from /graphql, by the
// session of the cookie, and when that has ended the page gives way to /login.

import { partOf, prepare, waiting } from './forms.js';
import { ask, mutate } from './graphql.js';
import { leave, say } from './messages.js';
import { rowOf } from './sessions.js';
import { watch } from './username.js';

const ME = `{ me {
  username displayName firstName lastName email pendingEmail avatarUrl(size: MEDIUM)
  profile {
    occupation country county bio homeAddress
    socialLinks { linkedin facebook github instagram twitter youtube description }
  }
  sessions(first: 100) { nodes { id deviceName userAgent ipAddress createdAt lastUsedAt current } }
} }`;
const PICTURE_BYTES = 2 * 1024 * 1024;
const cookie = true;

const [main] = document.getElementsByTagName('main');
const [account, signOut, signOutOthers, sessions, picture, removePicture] =
  ['account', 'sign-out', 'sign-out-others', 'sessions', 'picture', 'remove-picture'].map((id) =>
    document.getElementById(id));

for (const form of account.querySelectorAll('form')) {
  const done = form.dataset.mutation === 'deleteAccount' ? () => out({ good: 'Your account is deleted.' }) : load;
  prepare(form, { cookie, done, failed });
}
for (const input of account.querySelectorAll('[data-availability]')) watch(input);
picture.addEventListener('change', () => {
  const tooLarge = picture.files[0]?.size > PICTURE_BYTES;
  picture.setCustomValidity(tooLarge ? 'This picture is larger than 2 MiB.' : '');
});
onPress(signOut, async () => {
  await ask('mutation { logout { userErrors { message } } }', {}, { cookie });
  out({ good: 'You are signed out.' });
});
onPress(signOutOthers, async () => {
  await ask('mutation { logout(scope: OTHERS) { userErrors { message } } }', {}, { cookie });
  await load();
  return 'You are signed out everywhere else.';
});
onPress(removePicture, async () => {
  await ask('mutation { removeAvatar { userErrors { message } } }', {}, { cookie });
  await load();
  return 'Your picture is removed.';
});
// Another window may have signed out meanwhile, and a page that the browser kept may show what has ended.
document.addEventListener('visibilitychange', () => document.hidden || stillIn().catch(failed));
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
await attempt(main, load);

async function load() {
  const { me } = await ask(ME, {}, { cookie });
  if (me) show(me);
  else if (account.hidden) out({ word: 'Log in to see your account.' });
  else ended();
}

async function stillIn() {
  const { me } = await ask('{ me { id } }', {}, { cookie });
  if (!me) ended();
}

function show(me) {
  for (const place of account.querySelectorAll('[data-me]')) place.textContent = me[place.dataset.me] ?? '';
  for (const field of account.querySelectorAll('[data-owner]')) field.defaultValue = me.username;
  for (const part of account.querySelectorAll('[data-if]')) part.hidden = !me[part.dataset.if];
  fill({ ...me, ...me.profile });
  showPicture(me);
  const thisFirst = me.sessions.nodes.toSorted((one, another) => another.current - one.current);
  sessions.replaceChildren(...thisFirst.map((session) => rowOf(session, revoke)));
  signOutOthers.hidden = me.sessions.nodes.length < 2;
  account.hidden = signOut.hidden = false;
}

/** As its default a value is what a form goes back to, and leaves alone what somebody is typing. */
function fill(values) {
  for (const field of account.querySelectorAll('input[name], textarea')) {
    const value = field.name.split('.').reduce((inner, key) => inner?.[key], values);
    if (value !== undefined) field.defaultValue = value ?? '';
  }
}

function showPicture({ avatarUrl, firstName, lastName }) {
  const image = account.querySelector('[data-picture]');
  const initials = account.querySelector('[data-initials]');
  // By its path alone: the browser may know this server by another name than the one in its settings.
  if (avatarUrl) image.src = new URL(avatarUrl, location.origin).pathname;
  image.hidden = removePicture.hidden = !avatarUrl;
  initials.hidden = !image.hidden;
  initials.textContent = [firstName, lastName].map(([first]) => first).join('');
}

function revoke(button, id) {
  onPress(button, async () => {
    const { userErrors } = await mutate('revokeSession', { id }, { cookie });
    if (userErrors.length > 0) throw new Error(userErrors[0].message);
    await load();
    return 'That session has ended.';
  });
}

/** What `work` answers is the good news. */
function onPress(button, work) {
  button.addEventListener('click', () => waiting(button, () => attempt(partOf(button), work)));
}

async function attempt(part, work) {
  say(part, {});
  try {
    say(part, { good: await work() });
  } catch (error) {
    if (!failed(error)) say(part, { bad: error.message });
  }
}

/** Whether it is the session that has ended; everything else is for the place where it went wrong. */
function failed({ code }) {
  if (code === 'UNAUTHENTICATED') ended();
  return code === 'UNAUTHENTICATED';
}

function ended() {
  out({ word: 'Your session has ended. Log in again.' });
}

function out(message) {
  account.hidden = signOut.hidden = true;
  leave('/login', message);
}
