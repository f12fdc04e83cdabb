// The life of an account on the pages that the server brings, by a person who has a keyboard and a mailbox, on a wide
// and on a narrow screen.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as accounts from './accounts.mjs';
import * as browsers from './browser.mjs';
import { start, until } from './server.mjs';

const { ANSWERS_WITHIN, WIDTHS, byKeyboard, shows, tabTo, textOf, type } = browsers;
const first = 'nine copper beetles cross the yard';
const second = 'twelve paper boats on a cold pond';
const third = 'forty silver needles in a drawer';

for (const width of WIDTHS) {
  test(`an account on its pages, by the keyboard, ${width} px wide`, (t) => story(t, width));
}

async function story(t, width) {
  const server = await start();
  let browser;
  t.after(async () => {
    await browser?.close();
    await server.stop();
  });
  browser = await browsers.launch();
  const mine = await browsers.watched(browser, { width, height: 800 });
  const { page } = mine;
  const other = await browsers.watched(browser, { width, height: 800 });
  const email = 'grace@example.test';
  const newEmail = 'grace@elsewhere.test';

  const step = async (name, run) => {
    let done = false;
    await t.test(name, async () => {
      await run();
      done = true;
    });
    assert.ok(done, `the story ends at: ${name}`);
  };
  const sound = (name) => browsers.sound(page, `${name}-${width}`);
  const button = (name, on = page) => on.getByRole('button', { name, exact: true });
  const field = (name) => page.locator('input:visible, textarea:visible').and(page.getByLabel(name, { exact: true }));
  const status = (on = page) => on.getByRole('status');
  const alert = (on = page) => on.getByRole('alert');
  const at = (path, on = page) => on.waitForURL(`${server.url}${path}`);
  const fold = (name, on = page) =>
    on.locator('details').filter({ has: on.getByRole('heading', { name, exact: true }) });
  const open = async (name) => {
    const part = fold(name);
    if ((await part.getAttribute('open')) === null) await byKeyboard(page, part.locator('summary'));
    return part;
  };
  const fill = async (values) => {
    for (const [name, text] of Object.entries(values)) await type(page, field(name), text);
  };
  /** Asserts that the field tells the fault to eyes and to screen readers. */
  const faulty = async (control, pattern) => {
    await until(() => control.evaluate((it) => it.ariaInvalid === 'true'), ANSWERS_WITHIN, `${control} to be at fault`);
    const told = await control.evaluate((it) =>
      it.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).innerText).join(' '));
    assert.match(told, pattern);
  };
  const focused = (control) =>
    until(() => control.evaluate((it) => it === document.activeElement), ANSWERS_WITHIN, `the focus on ${control}`);
  const login = async (identifier, password, on = page) => {
    await type(on, on.getByLabel('Username or e-mail address'), identifier);
    await type(on, on.getByLabel('Password', { exact: true }), password);
    await byKeyboard(on, button('Log in', on));
  };

  await step('the account is nobody else\'s to see', async () => {
    await page.goto(`${server.url}/account`);
    await at('/login');
    await shows(status(), /^Log in to see your account\.$/);
    await sound('login');
    await byKeyboard(page, page.getByRole('link', { name: 'Sign up' }));
    await at('/signup');
  });

  await step('a sign-up tells every fault at its field', async () => {
    await sound('signup');
    await fill({ Username: 'admin', 'E-mail address': 'nowhere', Password: 'password' });
    await byKeyboard(page, button('Sign up'));
    await faulty(field('First name'), /1 to 64/);
    await faulty(field('Last name'), /1 to 64/);
    await faulty(field('Username'), /reserved/);
    await faulty(field('E-mail address'), /@/);
    await faulty(field('Password'), /rarer/);
    await focused(field('First name'));
    await shows(alert(), /^5 fields /);
    await sound('signup-faults');
  });

  await step('a username is looked up while it is typed', async () => {
    await type(page, field('Username'), 'Moderator');
    await shows(page.locator('#username-availability'), /^Moderator is taken or reserved\.$/);
    await type(page, field('Username'), 'grace');
    await shows(page.locator('#username-availability'), /^grace is free\.$/);
    assert.equal(await field('Username').getAttribute('aria-invalid'), null, 'what is mended is not marked');
    await sound('signup-free');
  });

  await step('a sign-up leads to the mailbox', async () => {
    await fill({ 'First name': 'Grace', 'Last name': 'Murray', 'E-mail address': email, Password: first });
    await page.keyboard.press('Enter');
    await shows(page.getByRole('heading', { level: 1 }), /^Look at your mail$/);
    assert.equal(await field('E-mail address').inputValue(), email, 'nobody types an address twice');
    await sound('signup-mail');
    await type(page, field('Code from the mail'), 'twelve');
    await page.keyboard.press('Enter');
    await faulty(field('Code from the mail'), /8 digits/);
    await focused(field('Code from the mail'));
  });

  await step('before the link of the mail is followed nobody logs in', async () => {
    await page.goto(`${server.url}/login`);
    await login('grace', first);
    await shows(alert(), /\bverif/i);
    await sound('login-unverified');
  });

  await step('the link of the mail leads to the login', async () => {
    const { link } = await server.mailTo(email, '/verify-email');
    await page.goto(link.href);
    assert.equal(page.url(), `${server.url}/verify-email`, 'the token is not in the address bar');
    await byKeyboard(page, button('Verify my e-mail address'));
    await shows(status(), /\bverified\b/);
    await sound('verified');
    await byKeyboard(page, page.getByRole('link', { name: 'Log in' }));
    await at('/login');
  });

  await step('a login leads to the account', async () => {
    await byKeyboard(page, button('Log in'));
    await faulty(field('Username or e-mail address'), /./);
    await focused(field('Username or e-mail address'));
    await login('grace', second);
    await shows(alert(), /./);
    await sound('login-refused');
    await login('grace', first);
    await at('/account');
    await shows(page.getByRole('heading', { name: 'Grace Murray' }), /./);
    await sound('account');
    await page.goto(`${server.url}/login`);
    await at('/account');
  });

  await step('a profile is saved, and every fault stands at its field', async () => {
    const part = await open('Profile');
    await fill({ 'First name': '', GitHub: 'http://github.com/grace', Occupation: 'Rear admiral' });
    await byKeyboard(page, button('Save my profile'));
    await faulty(field('First name'), /./);
    await focused(field('First name'));
    await fill({ 'First name': 'Grace Brewster' });
    await byKeyboard(page, button('Save my profile'));
    await faulty(field('GitHub'), /https/);
    await focused(field('GitHub'));
    await sound('profile-fault');
    await fill({ GitHub: 'https://github.com/grace', 'About you': 'I make compilers.', 'Home address': '1 Harbour Road' });
    await byKeyboard(page, button('Save my profile'));
    await shows(status(part), /saved/);
    await shows(page.getByRole('heading', { name: 'Grace Brewster Murray' }), /./);
    await sound('profile-saved');
    await page.reload();
    await open('Profile');
    assert.equal(await field('Occupation').inputValue(), 'Rear admiral');
    assert.equal(await field('GitHub').inputValue(), 'https://github.com/grace');
    assert.equal(await field('Home address').inputValue(), '1 Harbour Road');
    await fill({ Occupation: '' });
    await byKeyboard(page, button('Save my profile'));
    await shows(status(part), /saved/);
    assert.equal(await field('Occupation').inputValue(), '');
    assert.equal(await field('About you').inputValue(), 'I make compilers.');
  });

  await step('a picture is shown, and what is none is refused', async () => {
    const part = await open('Picture');
    page.on('filechooser', () => {}); // from here on a chooser is given to the test, and opens no window
    const choose = async (buffer) => {
      await tabTo(page, field('A picture of you'));
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
      await chooser.setFiles({ name: 'me.png', mimeType: 'image/png', buffer });
      await byKeyboard(page, button('Upload the picture'));
    };
    const picture = page.getByRole('img', { name: 'Your picture' });
    await choose(Buffer.from('no picture at all'));
    await faulty(field('A picture of you'), /./);
    await sound('picture-fault');
    await choose(Buffer.alloc(2 * 1024 * 1024 + 1));
    await faulty(field('A picture of you'), /2 MiB/);
    await choose(await page.locator('.brand img').screenshot());
    await shows(status(part), /your picture/);
    await until(() => picture.evaluate((it) => it.naturalWidth > 0), ANSWERS_WITHIN, 'the picture to be there');
    await sound('picture');
    await byKeyboard(page, button('Remove the picture'));
    await shows(status(part), /removed/);
    assert.equal(await picture.isVisible(), false);
    await choose(await page.locator('.brand img').screenshot());
    await picture.waitFor();
  });

  await step('another e-mail address waits for its proof', async () => {
    const part = await open('E-mail address');
    await fill({ 'New e-mail address': newEmail, 'Your password': second });
    await byKeyboard(page, button('Change my e-mail address'));
    await faulty(field('Your password'), /./);
    await focused(field('Your password'));
    await sound('email-fault');
    await fill({ 'Your password': first });
    await byKeyboard(page, button('Change my e-mail address'));
    await shows(status(part), /\bmail\b/);
    await shows(part, new RegExp(`${newEmail} waits`));
    await sound('email-pending');
  });

  await step('the link of the mail to the new address confirms it', async () => {
    const { link } = await server.mailTo(newEmail, '/confirm-email');
    await fetch(link); // a mail scanner looks at the link first, and must not use it up
    await page.goto(link.href);
    assert.equal(page.url(), `${server.url}/confirm-email`, 'the token is not in the address bar');
    await sound('confirm');
    await byKeyboard(page, button('Confirm my new address'));
    await shows(status(), /\baddress of your account\b/);
    await sound('confirmed');
    await byKeyboard(page, page.getByRole('link', { name: 'Go to my account' }));
    await at('/account');
    await shows(fold('E-mail address').locator('summary'), new RegExp(newEmail));
    await page.goto(link.href);
    await byKeyboard(page, button('Confirm my new address'));
    await shows(alert(), /./);
    await sound('confirm-again');
  });

  await step('the link of the mail to the old address takes it back', async () => {
    const { link } = await server.mailTo(email, '/cancel-email');
    await page.goto(link.href);
    assert.equal(page.url(), `${server.url}/cancel-email`, 'the token is not in the address bar');
    await sound('cancel');
    await byKeyboard(page, button('Keep my address'));
    await shows(status(), /\bcancelled\b/);
    await sound('cancelled');
    await page.goto(`${server.url}/account`);
    await at('/login');
    await shows(status(), /^Your session has ended\. Log in again\.$/);
    await login(email, first);
    await at('/account');
    await shows(fold('E-mail address').locator('summary'), new RegExp(email));
  });

  await step('a session of another browser is ended from the list', async () => {
    await other.page.goto(`${server.url}/login`);
    await login(email, first, other.page);
    await at('/account', other.page);
    await page.reload();
    const part = await open('Sessions');
    await shows(part.getByRole('listitem').first(), /This device/);
    assert.equal(await part.getByRole('listitem').count(), 2);
    await sound('sessions');
    await byKeyboard(page, part.getByRole('button', { name: /^Sign out Chrome on Linux, signed in / }));
    await shows(status(part), /ended/);
    await focused(status(part));
    assert.equal(await part.getByRole('listitem').count(), 1);
    await sound('session-ended');
    await other.page.reload();
    await at('/login', other.page);
    await shows(status(other.page), /^Your session has ended\. Log in again\.$/);
    await browsers.sound(other.page, `login-ended-${width}`);
  });

  await step('all others are signed out by one press', async () => {
    await login(email, first, other.page);
    await at('/account', other.page);
    await page.reload();
    const part = await open('Sessions');
    await byKeyboard(page, button('Sign out everywhere else'));
    await shows(status(part), /everywhere else/);
    assert.equal(await part.getByRole('listitem').count(), 1);
    await byKeyboard(other.page, fold('Profile', other.page).locator('summary'));
    await byKeyboard(other.page, button('Save my profile', other.page));
    await at('/login', other.page);
    await shows(status(other.page), /^Your session has ended\. Log in again\.$/);
  });

  await step('a new password ends the other sessions', async () => {
    await login(email, first, other.page);
    await at('/account', other.page);
    const part = await open('Password');
    await fill({ 'Current password': second, 'New password': 'password' });
    await byKeyboard(page, button('Change my password'));
    await faulty(field('New password').or(field('Current password')).first(), /./);
    await sound('password-faults');
    await fill({ 'Current password': first, 'New password': second });
    await byKeyboard(page, button('Change my password'));
    await shows(status(part), /new password is set/);
    await sound('password-changed');
    await other.page.reload();
    await at('/login', other.page);
    await login('grace', first, other.page);
    await shows(alert(other.page), /./);
  });

  await step('another username is free at once', async () => {
    const part = await open('Username');
    await fill({ Username: 'admin' });
    await shows(page.locator('#username-availability'), /taken or reserved/);
    await byKeyboard(page, button('Change my username'));
    await faulty(field('Username'), /reserved/);
    await fill({ Username: 'hopper' });
    await shows(page.locator('#username-availability'), /^hopper is free\.$/);
    assert.equal(await textOf(alert(part)), '', 'a fault that is mended is told no longer');
    await sound('username');
    await byKeyboard(page, button('Change my username'));
    await shows(status(part), /your username now/);
    await shows(part.locator('summary'), /hopper/);
  });

  await step('after a sign-out nothing is to be seen, not even by going back', async () => {
    await byKeyboard(page, button('Sign out'));
    await at('/login');
    await shows(status(), /^You are signed out\.$/);
    await sound('signed-out');
    const looks = [...Array(5).fill(() => page.goBack()), () => page.goto(`${server.url}/account`)];
    for (const look of looks) {
      await look();
      await page.waitForLoadState('networkidle');
      assert.doesNotMatch(await textOf(page.locator('body')), /hopper|murray|example\.test/i);
    }
    await at('/login');
  });

  await step('a forgotten password is replaced by a link', async () => {
    await byKeyboard(page, page.getByRole('link', { name: 'I forgot my password' }));
    await at('/reset-password');
    await sound('forgot');
    await fill({ 'E-mail address': email });
    await page.keyboard.press('Enter');
    await shows(status(), /on its way/);
    await sound('forgot-sent');
    const { link } = await server.mailTo(email, '/reset-password');
    await page.goto(link.href);
    await fill({ 'New password': 'password' });
    await page.keyboard.press('Enter');
    await faulty(field('New password'), /rarer/);
    await focused(field('New password'));
    await sound('reset-fault');
    await fill({ 'New password': third });
    await page.keyboard.press('Enter');
    await shows(status(), /new password is set/);
    await sound('reset-done');
    await byKeyboard(page, page.getByRole('link', { name: 'Log in' }));
    await at('/login');
    await login('hopper', third);
    await at('/account');
  });

  await step('an account is deleted by its password and a choice', async () => {
    const part = await open('Delete the account');
    await fill({ 'Your password': first });
    await byKeyboard(page, button('Delete my account for good'));
    await faulty(part.getByRole('group'), /./);
    await focused(part.getByRole('radio').first());
    await sound('delete-fault');
    await page.keyboard.press('ArrowDown');
    assert.ok(await part.getByRole('radio', { name: /deleted too/ }).isChecked());
    await byKeyboard(page, button('Delete my account for good'));
    await faulty(field('Your password'), /./);
    await fill({ 'Your password': third });
    await sound('delete');
    await byKeyboard(page, button('Delete my account for good'));
    await at('/login');
    await shows(status(), /^Your account is deleted\.$/);
    await sound('deleted');
    await accounts.refused(server, 'hopper', third);
  });

  await step('nothing was asked of another host, and nothing else went wrong', () => {
    // The refusal of a session that was ended elsewhere, as the door and the browser tell it.
    const expected = (fault) => fault === `${server.url}/graphql: 401` || /^console: .* 401 .*graphql/.test(fault);
    for (const { asked, faults } of [mine, other]) {
      assert.deepEqual(browsers.foreign(asked, server.url), []);
      assert.deepEqual(faults.filter((fault) => !expected(fault)), []);
    }
  });

  await step('the log has no secret', () => {
    for (const secret of [first, second, third]) assert.ok(!server.output().includes(secret));
  });
}

test('what keeps a page from its answer is told in words', async (t) => {
  const server = await start({ RATE_LIMITS: 'on' });
  let browser;
  t.after(async () => {
    await browser?.close();
    await server.stop();
  });
  browser = await browsers.launch();
  const { page } = await browsers.watched(browser);
  const press = async () => {
    await type(page, page.getByLabel('Username or e-mail address'), 'nobody');
    await type(page, page.getByLabel('Password', { exact: true }), first);
    await page.keyboard.press('Enter');
  };
  const alert = page.getByRole('alert');
  await page.goto(`${server.url}/login`);

  await t.test('a server that is out of reach', async () => {
    await page.context().setOffline(true);
    await press();
    await shows(alert, /^The server cannot be reached\. Check your connection and try again\.$/);
    await page.context().setOffline(false);
  });

  await t.test('attempts that came too often, and when the next may come', async () => {
    for (let tries = 0; tries < 40 && !/too often/.test(await textOf(alert)); tries += 1) {
      const answered = page.waitForResponse(`${server.url}/graphql`);
      await press();
      await answered;
      await until(async () => (await textOf(alert)) !== '', ANSWERS_WITHIN, 'an alert');
    }
    await shows(alert, /^That was too often\. Try again in \d+ (second|minute)s?\.$/);
    await browsers.fits(page, 'login-limited');
  });
});
