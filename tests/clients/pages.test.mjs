// The pages that the server brings, in a browser: what a person does who follows the link of a mail, with the
// keyboard, on a wide and on a narrow screen, and without any other host.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as accounts from './accounts.mjs';
import { ANSWERS_WITHIN, byKeyboard, everything, fits, foreign, launch, textOf, watched } from './browser.mjs';
import { start, until } from './server.mjs';

const grace = {
  username: 'grace',
  email: 'grace@example.test',
  password: 'nine copper beetles cross the yard',
  firstName: 'Grace',
  lastName: 'Murray',
};
const second = 'twelve paper boats on a cold pond';
const third = 'forty silver needles in a drawer';

test('the pages of the server', async (t) => {
  const server = await start();
  let browser;
  t.after(async () => {
    await browser?.close();
    await server.stop();
  });
  browser = await launch();
  const { page, faults, asked } = await watched(browser);

  const status = () => textOf(page.getByRole('status'));
  const alert = () => textOf(page.getByRole('alert'));
  const open = async (url, name) => {
    const answer = await page.goto(url);
    assert.equal(answer.status(), 200, url);
    await fits(page, name);
  };

  await t.test('the welcome page leads to pages that exist', async () => {
    await open(`${server.url}/`, 'welcome');
    const links = await page.getByRole('link').evaluateAll((all) => all.map(({ href }) => href));
    const own = links.filter((link) => link.startsWith(`${server.url}/`));
    for (const link of own) assert.equal((await fetch(link)).status, 200, link);
  });

  await t.test('there is an icon for the tab', async () => {
    const named = await page.locator('link[rel~=icon]').evaluateAll(([icon]) => icon?.href);
    const answer = await fetch(named ?? `${server.url}/favicon.ico`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^image\//);
  });

  await t.test('the link of the mail and one key verify the address', async () => {
    await accounts.signup(server, grace);
    const { link, token } = await server.mailTo(grace.email, '/verify-email');
    await fetch(link); // a mail scanner looks at the link first, and must not use it up
    await open(link.href, 'verify');
    await accounts.refused(server, grace.username, grace.password);
    assert.equal(await status(), '');
    await byKeyboard(page, page.getByRole('button', { name: 'Verify my e-mail address' }));
    await until(async () => /\bverified\b/i.test(await status()), ANSWERS_WITHIN, 'a status that says verified');
    assert.equal(await alert(), '');
    await fits(page, 'verify-done');
    await accounts.loggedIn(server, grace.username, grace.password);
    assert.ok(!server.output().includes(token), 'the log has the token');
  });

  await t.test('the link of the other mail sets a new password', async () => {
    const old = await accounts.loggedIn(server, grace.username, grace.password);
    await accounts.forgotPassword(server, { email: grace.email });
    const { link, token } = await server.mailTo(grace.email, '/reset-password');
    const password = page.getByLabel('New password', { exact: true });
    const button = page.getByRole('button', { name: 'Set the new password' });

    await open(link.href, 'reset');
    assert.equal(await password.getAttribute('type'), 'password');
    assert.equal(await password.getAttribute('autocomplete'), 'new-password');
    assert.equal(await alert(), '');
    await password.fill('12345678');
    await button.click();
    await until(async () => (await alert()) !== '', ANSWERS_WITHIN, 'an alert about the weak password');
    assert.equal(await status(), '');
    await fits(page, 'reset-refused');

    await password.fill(second);
    await button.click();
    await until(async () => /\bpassword\b/i.test(await status()), ANSWERS_WITHIN, 'a status about the password');
    assert.equal(await alert(), '');
    await fits(page, 'reset-done');
    await accounts.revoked(server, old.accessToken);
    await accounts.refused(server, grace.username, grace.password);
    await accounts.loggedIn(server, grace.username, second);
    assert.ok(!server.output().includes(token), 'the log has the token');

    await open(link.href, 'reset-again');
    await password.fill(third);
    await button.click();
    await until(async () => (await alert()) !== '', ANSWERS_WITHIN, 'an alert about the used link');
    assert.equal(await status(), '');
    await accounts.refused(server, grace.username, third);
  });

  await t.test('the mailbox lists the mails and shows one', async () => {
    await open(`${server.url}/dev/mail`, 'mailbox');
    const reset = await server.mailTo(grace.email, '/reset-password');
    const shown = await page.locator('body').innerText();
    for (const mail of await server.mails()) {
      assert.ok(shown.includes(mail.subject), `«${mail.subject}» is not listed`);
    }
    assert.ok(shown.includes(grace.email));
    assert.ok(!shown.includes(reset.code), 'the list shows no code');
    await page.getByRole('link', { name: reset.subject }).first().click();
    await until(async () => (await everything(page)).includes(reset.code), ANSWERS_WITHIN, 'the code of the mail');
    await fits(page, 'mail');
  });

  await t.test('nothing was asked of another host, and nothing went wrong', () => {
    assert.ok(asked.length >= 6, `only ${asked.length} requests were seen`);
    assert.deepEqual(foreign(asked, server.url), []);
    assert.deepEqual(faults, []);
  });
});
