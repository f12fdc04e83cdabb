// The front end of examples/web, built as for production and served beside the real binary, by people in two browsers.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import * as accounts from './accounts.mjs';
import * as browsers from './browser.mjs';
import { start, until } from './server.mjs';

const { ANSWERS_WITHIN, WIDTHS, foreign, shows } = browsers;
const APP = join(import.meta.dirname, '../../examples/web');
const STARTS_WITHIN = 30_000;
const run = promisify(execFile);

const grace = { username: 'grace', email: 'grace@example.test', password: 'nine copper beetles cross the yard', firstName: 'Grace', lastName: 'Murray' };
const ada = { username: 'ada', email: 'ada@example.test', password: 'seven quiet lanterns over the river', firstName: 'Ada', lastName: 'Byron' };
const second = 'twelve paper boats on a cold pond';
const third = 'forty silver needles in a drawer';

const notes = [
  ['Note A', 'On what the engine is, and what it is not.'],
  ['Note B', 'On columns of wheels that keep a number until it is wanted.'],
  ['Note C', 'On cards that say what is to be done, and in which order.'],
  ['Note D', 'On writing down every step, so that another person can follow.'],
  ['Note E', 'On doing one thing many times over.'],
  ['Note F', 'On backing: cards that go round and come again.'],
  ['Note G', 'On the numbers of Bernoulli, and how the engine finds them by itself.'],
  ['A walk before breakfast', 'The hedges were white. I counted nine kinds of moss and had my boots full of water by eight.'],
  ['Weaving flowers', 'The loom weaves flowers and leaves just as the engine weaves patterns of numbers. I went to see one at work, and stayed until they put out the lamps.'],
  ['A letter about birds', 'How large must the wings be, in proportion to the body? I have begun to measure every bird that lets me come near.'],
  ['On imagination', 'It is that which penetrates into the unseen worlds around us. Those who have learned to walk on the threshold of the unknown may then hope to go farther.'],
];

test('the front end is built, without a fault of its types', async () => {
  assert.ok(existsSync(join(APP, 'node_modules')), `run \`npm ci\` in ${APP}`);
  await run('npm', ['run', 'build'], { cwd: APP });
});

for (const width of WIDTHS) {
  test(`a site on Lyceum, ${width} px wide`, (t) => story(t, width));
}

async function story(t, width) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await start({ FRONTEND_URL: url });
  const app = spawn('node', ['node_modules/vite/bin/vite.js', 'preview', '--port', port, '--strictPort'], {
    cwd: APP,
    env: { ...process.env, LYCEUM_URL: server.url },
    stdio: 'ignore',
  });
  let browser;
  t.after(async () => {
    await browser?.close();
    app.kill();
    await server.stop();
  });
  await until(async () => (await fetch(url).catch(() => undefined))?.ok, STARTS_WITHIN, `${url} to answer`);
  browser = await browsers.launch();
  const viewport = { width, height: 800 };
  const mine = await browsers.watched(browser, viewport);
  const other = await browsers.watched(browser, viewport);
  const { page } = mine;

  const step = async (name, run) => {
    let done = false;
    await t.test(name, async () => {
      await run();
      done = true;
    });
    assert.ok(done, `the story ends at: ${name}`);
  };
  const sound = (name, on = page) => browsers.sound(on, `web-${name}-${width}`);
  const at = (path, on = page) => on.waitForURL(`${url}${path}`);
  const field = (name, on = page) => on.getByLabel(name, { exact: true });
  const fill = async (values, on = page) => {
    for (const [name, text] of Object.entries(values)) await field(name, on).fill(text);
  };
  const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click();
  const follow = (name, on = page) => on.getByRole('link', { name, exact: true }).click();
  const title = (pattern, on = page) => shows(on.getByRole('heading', { level: 1 }), pattern);
  const status = (on = page) => on.getByRole('status');
  const alert = (on = page) => on.getByRole('alert');
  /** Asserts that the field tells the fault to eyes and to screen readers. */
  const faulty = async (name, pattern, on = page) => {
    const control = field(name, on);
    await until(() => control.evaluate((it) => it.ariaInvalid === 'true'), ANSWERS_WITHIN, `${name} to be at fault`);
    const told = await control.evaluate((it) => document.getElementById(it.getAttribute('aria-describedby')).innerText);
    assert.match(told, pattern);
  };
  /** How many pictures of people the page shows. */
  const drawn = (on) =>
    on.evaluate(() => [...document.querySelectorAll('img.avatar')].filter((it) => it.naturalWidth > 0).length);
  const login = async (identifier, password, on = page) => {
    await on.goto(`${url}/login`);
    await fill({ 'Username or e-mail address': identifier, Password: password }, on);
    await press('Log in', on);
  };

  await step('a visitor sees that nothing has been written', async () => {
    await page.goto(url);
    await shows(page.locator('main'), /Nothing has been written yet/);
    await sound('empty');
  });

  await step('a sign-up tells every fault at its field', async () => {
    await follow('Sign up');
    await fill({ Username: 'admin', 'E-mail address': 'nowhere', Password: 'password' });
    await press('Sign up');
    await faulty('First name', /1 to 64/);
    await faulty('Username', /reserved/);
    await faulty('E-mail address', /@/);
    await faulty('Password', /rarer/);
    assert.ok(await field('First name').evaluate((it) => it === document.activeElement), 'the first fault has the focus');
    await sound('signup-faults');
  });

  await step('the code of the mail verifies the address', async () => {
    await fill({ 'First name': grace.firstName, 'Last name': grace.lastName, Username: grace.username, 'E-mail address': grace.email, Password: grace.password });
    await press('Sign up');
    await title(/^Look at your mail$/);
    assert.equal(await field('E-mail address').inputValue(), grace.email, 'nobody types an address twice');
    await sound('code');
    const { code } = await server.mailTo(grace.email, '/verify-email');
    await fill({ 'Code from the mail': code });
    await press('Verify my e-mail address');
    await title(/^Welcome$/);
    await sound('verified');
  });

  await step('a login leads to the page that was asked for', async () => {
    await page.goto(`${url}/write`);
    await at('/login');
    await fill({ 'Username or e-mail address': grace.username, Password: second });
    await press('Log in');
    await shows(alert(), /./);
    await sound('login');
    await fill({ Password: grace.password });
    await page.keyboard.press('Enter');
    await at('/write');
    const [cookie] = await page.context().cookies();
    assert.equal(cookie.httpOnly, true, 'no script can read the session');
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.getItem('token'), document.cookie]), [0, null, '']);
  });

  await step('a picture is sent as multipart, and stands wherever its owner does', async () => {
    await page.goto(`${url}/profile`);
    const send = (name, mimeType, buffer) => field('Picture').setInputFiles({ name, mimeType, buffer });
    await send('words.png', 'image/png', Buffer.from('no picture at all'));
    await faulty('Picture', /./);
    await sound('picture-fault');
    await send('grace.png', 'image/png', await browsers.landscape(browser, 170));
    await until(async () => (await drawn(page)) === 2, ANSWERS_WITHIN, 'the picture in the form and in the head');
    await sound('picture');
    await other.page.goto(`${url}/people/grace`);
    await until(async () => (await drawn(other.page)) === 1, ANSWERS_WITHIN, 'the picture for somebody else');
    await sound('person-picture', other.page);
  });

  await step('a draft is written, edited and published', async () => {
    await page.goto(`${url}/write`);
    await press('Publish');
    await faulty('Title', /./);
    await fill({ Title: 'On compilers', Text: 'Nobody believed it.\n\nI had a running compiler, and nobody would touch it.' });
    await sound('write');
    await press('Save as draft');
    await title(/^On compilers$/);
    await shows(page.locator('main'), /A draft/);
    await follow('Edit');
    await fill({ Title: 'The first compiler' });
    await press('Publish');
    await title(/^The first compiler$/);
    await follow('Lyceum');
    await shows(page.getByRole('article'), /The first compiler/);
    assert.doesNotMatch(await browsers.textOf(page.getByRole('article')), /Draft/);
  });

  await step('the link of the mail verifies another person, who finds the post', async () => {
    await accounts.signup(server, ada);
    const { link } = await server.mailTo(ada.email, '/verify-email');
    assert.equal(link.origin, url, 'mails lead to the front end');
    await other.page.goto(link.href);
    await at('/verify-email', other.page);
    await press('Verify my e-mail address', other.page);
    await title(/^Welcome$/, other.page);
    await login(ada.email, ada.password, other.page);
    await at('/', other.page);
    await other.page.goto(`${url}/profile`);
    await field('Picture', other.page).setInputFiles({ name: 'ada.png', mimeType: 'image/png', buffer: await browsers.landscape(browser, 20) });
    await until(async () => (await drawn(other.page)) === 2, ANSWERS_WITHIN, 'the picture');
    await other.page.goto(url);
    await other.page.getByRole('searchbox').fill('compil');
    await follow('The first compiler', other.page);
    await title(/^The first compiler$/, other.page);
  });

  await step('a comment appears where somebody else reads, without a reload', async () => {
    /** What the page has asked for, but for pictures. */
    const asked = (since) => mine.asked.slice(since).filter((address) => !address.includes('/avatars/'));
    const earlier = mine.asked.length;
    await follow('The first compiler');
    await shows(page.locator('main'), /Nobody has said anything yet/);
    await until(() => asked(earlier).some((address) => address.startsWith('ws:')), ANSWERS_WITHIN, 'a socket');
    const before = mine.asked.length;
    await fill({ 'Your comment': 'They told me that computers could only do arithmetic.' }, other.page);
    await press('Comment', other.page);
    await shows(page.getByRole('listitem'), /Ada Byron[\s\S]*only do arithmetic/);
    assert.deepEqual(asked(before), [], 'it came over the socket');
    await until(() => other.page.getByRole('listitem').count().then((count) => count === 1), ANSWERS_WITHIN, 'one comment, not two');
    await fill({ 'Your comment': 'It took three years until they believed it.' });
    await press('Comment');
    await shows(other.page.getByRole('listitem').first(), /Grace Murray[\s\S]*three years/);
    assert.equal(await page.getByRole('listitem').count(), 2);
    await sound('post');
    await page.getByRole('listitem').filter({ hasText: 'arithmetic' }).getByRole('button', { name: 'Delete' }).click();
    await until(() => page.getByRole('listitem').count().then((count) => count === 1), ANSWERS_WITHIN, 'one comment less');
  });

  await step('lists and comments go on by pages', async () => {
    const { accessToken } = await accounts.loggedIn(server, ada.email, ada.password);
    const post = async (title, body) => {
      const query = 'mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id } } }';
      const { data } = await server.graphql(query, { input: { title, body, status: 'PUBLISHED' } }, accessToken);
      return data.createPost.post.id;
    };
    for (const [title, body] of notes) await post(title, body);
    await page.goto(url);
    await until(() => page.getByRole('article').count().then((count) => count === 10), ANSWERS_WITHIN, 'ten posts');
    await sound('posts');
    await press('More posts');
    await until(() => page.getByRole('article').count().then((count) => count === 12), ANSWERS_WITHIN, 'all posts');
    await follow('My posts');
    await until(() => page.getByRole('article').count().then((count) => count === 1), ANSWERS_WITHIN, 'one\'s own post');
  });

  await step('a profile is saved, and others see it', async () => {
    await page.goto(`${url}/profile`);
    await fill({ Occupation: 'Rear admiral', 'About you': 'I make compilers.', GitHub: 'http://github.com/grace' });
    await press('Save my profile');
    await faulty('GitHub', /https/);
    await fill({ GitHub: 'https://github.com/grace' });
    await press('Save my profile');
    await shows(status(), /saved/);
    await sound('profile');
    await other.page.goto(`${url}/people/grace`);
    await shows(other.page.locator('main'), /Rear admiral[\s\S]*I make compilers/);
    await sound('person', other.page);
  });

  await step('a session of another browser is ended from the list', async () => {
    await login(grace.email, grace.password, (await browsers.watched(browser, viewport)).page);
    const third = await browsers.watched(browser, viewport);
    await login(grace.email, grace.password, third.page);
    await at('/', third.page);
    await follow('Sessions');
    await until(() => page.getByRole('listitem').count().then((count) => count === 3), ANSWERS_WITHIN, 'three sessions');
    await sound('sessions');
    await page.getByRole('listitem').nth(0).getByRole('button', { name: 'Sign out' }).click();
    await until(() => page.getByRole('listitem').count().then((count) => count === 2), ANSWERS_WITHIN, 'two sessions');
    await third.page.reload();
    await at('/login?ended', third.page);
    await shows(status(third.page), /Your session has ended/);
    await press('Sign out everywhere else');
    await until(() => page.getByRole('listitem').count().then((count) => count === 1), ANSWERS_WITHIN, 'one session');
  });

  await step('another e-mail address waits for the link in its mail, and the old one can take it back', async () => {
    await page.goto(`${url}/account`);
    const part = page.getByRole('region', { name: 'E-mail address', exact: true });
    await fill({ 'New e-mail address': 'grace@elsewhere.test', 'Your password': second }, part);
    await press('Change my e-mail address');
    await faulty('Your password', /./, part);
    await fill({ 'Your password': grace.password }, part);
    await press('Change my e-mail address');
    await shows(page.locator('main'), /grace@elsewhere\.test waits/);
    await sound('account');
    const { link } = await server.mailTo('grace@elsewhere.test', '/confirm-email');
    await page.goto(link.href);
    await at('/confirm-email');
    await press('Confirm my new address');
    await shows(status(), /address of your account/);
    await sound('confirmed');
    const undo = await server.mailTo(grace.email, '/cancel-email');
    await page.goto(undo.link.href);
    await press('Keep my address');
    await shows(status(), /keeps this address/);
    await sound('cancelled');
    await follow('To my account');
    await at('/login?ended');
  });

  await step('a forgotten password is replaced, and changed again', async () => {
    await follow('I forgot my password');
    await fill({ 'E-mail address': grace.email });
    await press('Send me the mail');
    await shows(status(), /on its way/);
    await sound('reset');
    const { link } = await server.mailTo(grace.email, '/reset-password');
    await page.goto(link.href);
    await at('/reset-password');
    await fill({ 'New password': second });
    await press('Set the new password');
    await title(/^Done$/);
    await login(grace.username, second);
    await at('/');
    await page.goto(`${url}/account`);
    await fill({ 'Current password': second, 'New password': third });
    await press('Change my password');
    await shows(status(), /new password is set/);
  });

  await step('an administrator gives a role, shuts a user out and lets her in again', async () => {
    await page.goto(`${url}/users`);
    await at('/');
    await server.command('admin', 'role', grace.username, 'admin');
    await page.goto(`${url}/users`);
    const row = page.getByRole('listitem').filter({ hasText: 'Ada Byron' });
    await row.getByRole('combobox').selectOption('MODERATOR');
    await row.getByRole('button', { name: 'Suspend' }).click();
    await shows(row, /Suspended/);
    await sound('users');
    await other.page.goto(url);
    await at('/login?ended', other.page);
    await row.getByRole('button', { name: 'Reinstate' }).click();
    await until(async () => !/Suspended/.test(await browsers.textOf(row)), ANSWERS_WITHIN, 'nobody to be suspended');
    await login(ada.email, ada.password, other.page);
    await at('/', other.page);
    await other.page.getByRole('searchbox').fill('compil');
    await follow('The first compiler', other.page);
    await other.page.getByRole('link', { name: 'Edit', exact: true }).waitFor();
  });

  await step('a picture is taken away', async () => {
    await page.goto(`${url}/profile`);
    await press('Take it away');
    await until(async () => (await drawn(page)) === 0, ANSWERS_WITHIN, 'no picture');
  });

  await step('an account is deleted, and what it wrote stays without a name', async () => {
    await other.page.goto(`${url}/account`);
    const part = other.page.getByRole('region', { name: 'Delete your account' });
    await fill({ 'Your password': second }, part);
    await press('Delete my account', other.page);
    await faulty('Your password', /./, part);
    await fill({ 'Your password': ada.password }, part);
    await press('Delete my account', other.page);
    await shows(other.page.getByRole('article').first(), /On imagination[\s\S]*Somebody who left/);
    await other.page.getByRole('link', { name: 'Log in', exact: true }).waitFor();
  });

  await step('who signs out sees nothing of the account', async () => {
    await press('Sign out');
    await page.getByRole('link', { name: 'Log in', exact: true }).waitFor();
    await page.goto(`${url}/account`);
    await at('/login');
  });

  await step('nothing was asked of another host, and nothing else went wrong', () => {
    // A session that was ended elsewhere, as the door and the browser tell it.
    const expected = (fault) => fault === `${url}/graphql: 401` || /^console: .* 401 .*graphql/.test(fault);
    for (const { asked, faults } of [mine, other]) {
      const socket = url.replace('http', 'ws');
      const own = [`${socket}/graphql`, `${server.url}/avatars/`];
      assert.deepEqual(foreign(asked, url).filter((address) => !own.some((start) => address.startsWith(start))), []);
      assert.deepEqual(faults.filter((fault) => !expected(fault)), []);
    }
  });
}

/** A port that nobody listens on: the mails have to name the front end before it runs. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}
