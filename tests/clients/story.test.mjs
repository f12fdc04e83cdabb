// The life of an account over plain fetch: each step works with what the last one gave, and the mails are the ones
// that the server wrote.

import assert from 'node:assert/strict';
import test from 'node:test';
import * as accounts from './accounts.mjs';
import { start } from './server.mjs';

const ada = {
  username: 'ada',
  email: 'ada@example.test',
  password: 'seven quiet lanterns over the river',
  firstName: 'Ada',
  lastName: 'Byron',
};
const second = 'eleven brass kettles under a maple';

test('an account from sign-up to the last logout', async (t) => {
  const server = await start();
  t.after(() => server.stop());
  let verification, reset, first, fresh;

  const step = async (name, run) => {
    let done = false;
    await t.test(name, async () => {
      await run();
      done = true;
    });
    assert.ok(done, `the story ends at: ${name}`);
  };

  await step('all faults of a sign-up are told at once, each at its field', async () => {
    const { userErrors } = await accounts.signup(server, { ...ada, email: 'nowhere', password: 'short' });
    const fields = userErrors.map(({ field }) => field?.at(-1));
    assert.deepEqual([...new Set(fields)].sort(), ['email', 'password']);
  });

  await step('sign-up answers and a mail arrives', async () => {
    const { userErrors } = await accounts.signup(server, ada);
    assert.deepEqual(userErrors, []);
    verification = await server.mailTo(ada.email, '/verify-email');
    assert.equal(verification.link.origin, server.url);
    assert.match(verification.token, /^[\w-]{43,}$/, 'at least 32 bytes');
    assert.match(verification.code, /^\d{8}$/);
    assert.ok(verification.html.includes(verification.token), 'the HTML part has the link too');
  });

  await step('nobody logs in before the address is verified', async () => {
    await accounts.refused(server, ada.username, ada.password);
  });

  await step('a changed token verifies nothing', async () => {
    const { token } = verification;
    const changed = (token[0] === 'A' ? 'B' : 'A') + token.slice(1);
    const { userErrors } = await accounts.verifyEmail(server, { token: changed });
    assert.equal(userErrors.length, 1);
    await accounts.refused(server, ada.username, ada.password);
  });

  await step('the token of the link verifies the address', async () => {
    const { userErrors } = await accounts.verifyEmail(server, { token: verification.token });
    assert.deepEqual(userErrors, []);
  });

  await step('login by username and by e-mail, not by a wrong password', async () => {
    await accounts.refused(server, ada.username, second);
    first = await accounts.loggedIn(server, ada.username, ada.password);
    const byEmail = await accounts.loggedIn(server, ada.email, ada.password);
    assert.deepEqual(byEmail.user, first.user);
    assert.notEqual(byEmail.accessToken, first.accessToken);
  });

  await step('the bearer is told who they are, a stranger is nobody', async () => {
    const own = await accounts.me(server, first.accessToken);
    assert.equal(own.errors, undefined);
    assert.deepEqual(own.data.me, { id: first.user.id, username: ada.username, email: ada.email });
    const stranger = await accounts.me(server);
    assert.equal(stranger.errors, undefined);
    assert.deepEqual(stranger.data, { me: null });
  });

  await step('a forgotten password is answered alike for a known and an unknown address', async () => {
    const unknown = await accounts.forgotPassword(server, { email: 'nobody@example.test' });
    const known = await accounts.forgotPassword(server, { email: ada.email });
    assert.deepEqual(known, unknown);
    assert.deepEqual(known.userErrors, []);
    reset = await server.mailTo(ada.email, '/reset-password');
    assert.equal(reset.link.origin, server.url);
    assert.match(reset.code, /^\d{8}$/);
    assert.notEqual(reset.token, verification.token);
  });

  await step('the code of the other mail resets nothing', async () => {
    const input = { email: ada.email, code: verification.code, newPassword: second };
    const { userErrors } = await accounts.resetPassword(server, input);
    assert.equal(userErrors.length, 1);
    await accounts.refused(server, ada.username, second);
  });

  await step('the short code sets a new password, once', async () => {
    const input = { email: ada.email, code: reset.code, newPassword: second };
    assert.deepEqual((await accounts.resetPassword(server, input)).userErrors, []);
    const again = await accounts.resetPassword(server, { ...input, newPassword: `${second} again` });
    assert.equal(again.userErrors.length, 1);
    const byLink = await accounts.resetPassword(server, { token: reset.token, newPassword: `${second} again` });
    assert.equal(byLink.userErrors.length, 1);
  });

  await step('the reset ended every session', async () => {
    await accounts.revoked(server, first.accessToken);
  });

  await step('only the new password logs in', async () => {
    await accounts.refused(server, ada.username, ada.password);
    fresh = await accounts.loggedIn(server, ada.username, second);
    assert.equal(fresh.user.id, first.user.id);
    assert.equal((await accounts.me(server, fresh.accessToken)).data.me.username, ada.username);
  });

  await step('logout ends the token at once', async () => {
    const { data, errors } = await server.graphql(
      'mutation { logout { userErrors { code } } }',
      undefined,
      fresh.accessToken,
    );
    assert.equal(errors, undefined);
    assert.deepEqual(data.logout.userErrors, []);
    await accounts.revoked(server, fresh.accessToken);
  });

  await step('no mail and no line of the log has a password or a token of a link', async () => {
    const mails = await server.mails();
    assert.ok(mails.every(({ to }) => to.length === 1 && to[0] === ada.email), 'nobody else got a mail');
    const written = mails.map(({ text, html }) => text + html).join('\n');
    assert.ok(server.output().includes(server.url), 'the log is at hand');
    for (const secret of [ada.password, second]) assert.ok(!written.includes(secret));
    for (const secret of [ada.password, second, reset.token, verification.token, first.accessToken]) {
      assert.ok(!server.output().includes(secret));
    }
  });
});
