// The session cookie by Apollo Client and urql in Chromium, from a page of another origin than the server's: it works
// where the operator lists the page, and nowhere else.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { joined, OPEN } from './accounts.mjs';
import * as browsers from './browser.mjs';
import { start } from './server.mjs';

const VITE = join(import.meta.dirname, '../../examples/web/node_modules/.bin/vite');
const PAGE = join(import.meta.dirname, 'cookies');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };

const LOGIN = `mutation ($name: String!, $password: String!) {
  login(input: { identifier: $name, password: $password, transport: COOKIE }) {
    accessToken refreshToken session { current } user { username } userErrors { code }
  }
}`;
const ME = '{ me { username profile { occupation } sessions { nodes { current } } } }';
const PROFILE = `mutation ($occupation: String!) {
  updateProfile(input: { occupation: $occupation }) { user { profile { occupation } } userErrors { code } }
}`;
const UPLOAD = `mutation ($file: Upload!) {
  uploadAvatar(input: { file: $file }) { user { avatarUrl(size: SMALL) } userErrors { code } }
}`;
const LOGOUT = 'mutation { logout { endedSessionIds userErrors { code } } }';

test('the session cookie, from a page of another origin', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lyceum-page-'));
  await promisify(execFile)(VITE, ['build', PAGE, '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn']);
  const [listed, unlisted] = [await serve(folder), await serve(folder)];
  const server = await start({ ...OPEN, ALLOWED_ORIGINS: listed.url });
  let browser;
  t.after(async () => {
    await browser?.close();
    await server.stop();
    for (const { close } of [listed, unlisted]) close();
    await rm(folder, { recursive: true });
  });
  browser = await browsers.launch();
  const { password } = await joined(server, 'ada');

  for (const name of ['apollo', 'urql']) {
    await t.test(`${name}: login, me, a mutation, a picture, logout`, async () => {
      const { page, faults, asked } = await browsers.watched(browser);
      await page.goto(listed.url);
      const run = runner(page, name, server);

      assert.equal((await run(ME)).me, null);
      const { login } = await run(LOGIN, { name: 'ada', password });
      assert.deepEqual(login.userErrors, []);
      assert.deepEqual([login.accessToken, login.refreshToken, login.session.current], [null, null, true]);
      const [cookie] = await page.context().cookies(server.url);
      assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Lax']);
      assert.equal(await page.evaluate(() => document.cookie), '', 'no script sees the session');

      const { updateProfile } = await run(PROFILE, { occupation: name });
      assert.deepEqual(updateProfile.userErrors, []);
      await page.reload(); // a new page is signed in too
      const { me } = await run(ME);
      assert.deepEqual([me.username, me.profile.occupation], ['ada', name]);
      assert.equal(me.sessions.nodes.filter(({ current }) => current).length, 1);

      const { uploadAvatar } = await run(UPLOAD, { file: true });
      assert.deepEqual(uploadAvatar.userErrors, []);
      assert.match(uploadAvatar.user.avatarUrl, /^http:\/\/127\.0\.0\.1:.*-64\.webp$/);

      assert.equal((await run(LOGOUT)).logout.endedSessionIds.length, 1);
      assert.deepEqual(await page.context().cookies(server.url), []);
      assert.equal((await run(ME)).me, null);
      assert.deepEqual(faults, []);
      assert.deepEqual(browsers.foreign(browsers.foreign(asked, server.url), listed.url), []);
    });

    await t.test(`${name}: a page that is not listed reads nothing and changes nothing`, async () => {
      const { page } = await browsers.watched(browser);
      await page.goto(listed.url);
      await runner(page, name, server)(LOGIN, { name: 'ada', password });
      await page.goto(unlisted.url);
      const run = runner(page, name, server);
      for (const [text, variables] of [[ME], [PROFILE, { occupation: 'Nobody' }], [UPLOAD, { file: true }], [LOGOUT]]) {
        await assert.rejects(run(text, variables), /Failed to fetch/);
      }
      await page.goto(listed.url);
      const { me } = await runner(page, name, server)(ME);
      assert.deepEqual([me.username, me.profile.occupation], ['ada', name]);
    });
  }
});

/** An operation by this client, in this page. */
const runner = (page, name, server) => async (text, variables) => {
  await page.waitForFunction(() => 'run' in globalThis);
  return page.evaluate((args) => globalThis.run(...args), [name, `${server.url}/graphql`, text, variables]);
};

/** The files of a folder at an origin of their own. */
async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = request.url === '/' ? '/index.html' : request.url;
    const file = await readFile(join(folder, path)).catch(() => undefined);
    response.writeHead(file ? 200 : 404, { 'content-type': TYPES[extname(path)] ?? 'text/plain' }).end(file);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const close = () => server.close() && server.closeAllConnections();
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
