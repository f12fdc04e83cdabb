// The playground, in a browser: a newcomer plays the story through by clicks, the schema helps who types, and
// nothing is asked of any other host.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import axe from 'axe-core';
import * as accounts from './accounts.mjs';
import { ANSWERS_WITHIN, foreign, launch, picture, shows, watched } from './browser.mjs';
import { start, until } from './server.mjs';

const OPERATIONS = join(import.meta.dirname, '../../playground/operations');
const WIDE = { width: 1280, height: 800 };

const read = (file) => readFileSync(join(OPERATIONS, file), 'utf8');
const story = JSON.parse(read('story.json')).map((step) => ({
  ...step,
  name: /^(?:query|mutation|subscription) +(\w+)/m.exec(read(step.file))[1],
}));
/** The steps from one to another, by their operations. */
const between = (from, to) => {
  const at = (wanted) => story.findIndex(({ name }) => name === wanted);
  return story.slice(at(from), at(to) + 1);
};

test('the playground', async (t) => {
  const server = await start();
  let browser;
  t.after(async () => {
    await browser?.close();
    await server.stop();
  });
  browser = await launch();
  const { page, faults, asked } = await watched(browser, WIDE);
  const { guide, button, run, onward, editor, answer } = hands(page);
  await open(page, server.url);

  await t.test('it opens with the first tabs of the story, filled in', async () => {
    assert.deepEqual(await tabs(page), story.filter(({ tab }) => tab).map(({ name }) => name));
    assert.equal(await editor('operation'), read(story[0].file));
    assert.deepEqual(JSON.parse(await editor('variables')), story[0].variables);
    await page.getByRole('region', { name: 'Story' }).waitFor();
    await sound(page, 'playground-first');
  });

  await t.test('signing up leads to the mail, and its code to an account', async () => {
    await run();
    await shows(guide, /Next: Verify the address.*comes by mail/s);
    assert.deepEqual((await answer()).data.signup.userErrors, []);
    assert.equal(await guide.getByRole('link', { name: 'Open the development mailbox' }).getAttribute('href'), '/dev/mail');
    await onward();
    await run('toolbar');
    await until(async () => /code in the mail/.test((await answer())?.notSent), ANSWERS_WITHIN, 'a word on the code');
    await sound(page, 'playground-code');
    const { code } = await server.mailTo('grace@example.com', '/verify-email');
    await guide.getByRole('textbox').fill(code);
    await button('Put it in').click();
    await run('toolbar');
    await shows(guide, /Next/);
    assert.equal((await answer()).data.verifyEmail.user.username, 'grace');
  });

  await t.test('one click puts the token into the headers of all tabs that want one', async () => {
    await tab(page, 'LogIn').click();
    await run();
    await shows(guide, /Use this token/);
    const token = (await answer()).data.login.accessToken;
    await sound(page, 'playground-token');
    await button('Use this token').click();
    await shows(guide, /send this token now/);
    assert.equal(await editor('request-headers'), '', 'a login sends no token');
    for (const { name, headers } of story.filter(({ tab }) => tab)) {
      await tab(page, name).click();
      const wanted = headers ? { Authorization: `Bearer ${token}` } : undefined;
      const sent = async () => JSON.stringify(JSON.parse((await editor('request-headers')) || 'null') ?? undefined);
      await until(async () => (await sent()) === JSON.stringify(wanted), ANSWERS_WITHIN, `${name} to have its headers`);
    }
  });

  await t.test('me answers', async () => {
    await tab(page, 'Me').click();
    await run();
    await shows(guide, /Next/);
    assert.equal((await answer()).data.me.email, 'grace@example.com');
  });

  await t.test('ids go from the answers into the tabs after them, and a step opens a tab that is not there', async () => {
    await onward(); // refreshes the session, which has no tab at first
    await run();
    await button('Use this token').click();
    for (const { name } of between('WriteAPost', 'Dashboard')) {
      await onward();
      await until(async () => (await openTab(page)) === name, ANSWERS_WITHIN, `the tab ${name}`);
      await run();
      await shows(guide, /Next/);
      assert.deepEqual((await answer()).errors, undefined, name);
    }
    assert.equal((await answer()).data.dashboard.posts.published, 1);
    await tab(page, 'ListPosts').click();
    const [post] = (await answer()).data.posts.nodes;
    assert.deepEqual([post.title, post.author.username, post.comments.totalCount], ['The first moth', 'grace', 1]);
    await sound(page, 'playground-list');
  });

  await t.test('a second post brings its own id', async () => {
    await tab(page, 'WriteAPost').click();
    const first = (await answer()).data.createPost.post.id;
    await run('toolbar');
    await until(async () => !['', first].includes((await answer())?.data?.createPost.post.id ?? ''), ANSWERS_WITHIN, 'a post');
    const second = (await answer()).data.createPost.post.id;
    await tab(page, 'PublishThePost').click();
    await until(async () => (await editor('variables')).includes(second), ANSWERS_WITHIN, 'the new id in the variables');
  });

  await t.test('what was typed, the headers too, survives a reload', async () => {
    const before = await tabs(page);
    const headers = await editor('request-headers');
    assert.match(headers, /Bearer ey/);
    await page.waitForTimeout(1500); // GraphiQL keeps its tabs half a second later
    await page.reload();
    await ready(page);
    assert.deepEqual(await tabs(page), before);
    assert.equal(await editor('request-headers'), headers);
    assert.match(await editor('variables'), /PUBLISHED/);
  });

  await t.test('the schema completes what is typed and tells what it is', async () => {
    await page.getByRole('button', { name: 'New tab' }).click();
    await page.getByRole('region', { name: 'Operation Editor' }).locator('.view-lines').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('{ me { user');
    const suggestions = page.locator('.suggest-widget.visible');
    await shows(suggestions, /username/);
    await page.screenshot({ path: picture('playground-completion') });
    await page.keyboard.press('Enter');
    await until(async () => (await editor('operation')).includes('username'), ANSWERS_WITHIN, 'the whole word');
    await run('toolbar');
    await until(async () => (await answer())?.data?.me?.username === 'grace', ANSWERS_WITHIN, 'the token in a new tab');
  });

  await t.test('documentation, explorer and history are there', async () => {
    const panel = page.locator('.graphiql-plugin');
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await panel.getByRole('link', { name: 'Query' }).click();
    await shows(panel, /usernameAvailable/);
    await panel.getByRole('link', { name: 'me', exact: true }).click();
    await shows(panel, /signed in/i);
    await page.screenshot({ path: picture('playground-docs') });
    await page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
    await shows(panel, /usernameAvailable/);
    await page.screenshot({ path: picture('playground-explorer') });
    await page.getByRole('button', { name: 'Show History' }).click();
    await shows(panel, /SignUp/);
  });

  await t.test('a live comment comes over graphql-transport-ws, with the token', async () => {
    const [sent, received] = [[], []];
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => sent.push(JSON.parse(payload)));
      socket.on('framereceived', ({ payload }) => received.push(JSON.parse(payload)));
    });
    const { data } = await server.graphql('{ posts(first: 1) { nodes { id } } }');
    const [{ id: postId }] = data.posts.nodes;
    await page.getByRole('button', { name: 'New tab' }).click();
    await page.getByRole('region', { name: 'Operation Editor' }).locator('.view-lines').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(
      `subscription Live { commentAdded(postId: "${postId}") { body author { username } post { title } } }`,
    );
    await run('toolbar');
    await until(() => sent.some(({ type }) => type === 'subscribe'), ANSWERS_WITHIN, 'a subscription');
    assert.match(sent[0].payload.authorization, /^Bearer ey/);

    const { accessToken } = await accounts.loggedIn(server, 'grace', story[0].variables.input.password);
    const heard = async () => {
      // Again, since nothing tells a client that the server listens now.
      await comment(server, accessToken, { postId, body: 'Live from another browser.' });
      return (await answer())?.data?.commentAdded;
    };
    const live = { body: 'Live from another browser.', author: { username: 'grace' }, post: { title: 'The first moth' } };
    assert.deepEqual(await until(heard, ANSWERS_WITHIN, 'the comment'), live);
    await sound(page, 'playground-live');
    await page.getByRole('button', { name: 'Stop query' }).click();
    await until(() => sent.at(-1).type === 'complete', ANSWERS_WITHIN, 'an end at once');
    assert.deepEqual([...new Set(received.map(({ type }) => type))], ['connection_ack', 'next']);
  });

  await t.test('the story goes on to the end of the account', async () => {
    const mailed = {
      ResetThePassword: async () => (await server.mailTo('grace@example.com', '/reset-password')).code,
      ConfirmTheNewAddress: async () => (await server.mailTo('hopper@example.com', '/confirm-email')).link.href,
      KeepTheOldAddress: async () => (await server.mailTo('grace@example.com', '/cancel-email')).link.href,
    };
    await page.getByRole('button', { name: 'Show Story' }).click();
    await page.getByRole('region', { name: 'Story' }).getByRole('button', { name: /^Forget the password/ }).click();
    for (const { name, keep } of between('ForgetThePassword', 'DeleteTheAccount')) {
      await until(async () => (await openTab(page)) === name, ANSWERS_WITHIN, `the tab ${name}`);
      if (name in mailed) {
        await guide.getByRole('textbox').fill(await mailed[name]());
        await sound(page, `playground-${name}`);
        await button('Put it in').click();
      }
      await run();
      if (keep) await button('Use this token').click();
      await shows(guide, /Next|whole story/);
      assert.deepEqual((await answer()).errors, undefined, name);
      if (name !== 'DeleteTheAccount') await onward();
    }
    await accounts.refused(server, 'amazing_grace', 'silver anchor hums quietly');
    await sound(page, 'playground-last');
  });

  await t.test('a session that has ended is told, with the way to a new one', async () => {
    await tab(page, 'Me').click();
    await run('toolbar');
    await shows(guide, /not any more.*Log in, then use the new token/s);
    await button('Log in').click();
    await until(async () => (await openTab(page)) === 'LogIn', ANSWERS_WITHIN, 'the login');
  });

  await t.test('one can start over', async () => {
    await page.getByRole('button', { name: 'Start over' }).click();
    await until(async () => (await openTab(page).catch(() => '')) === 'SignUp', ANSWERS_WITHIN, 'the first tab');
    await ready(page);
    assert.deepEqual(await tabs(page), story.filter(({ tab }) => tab).map(({ name }) => name));
    assert.equal(await page.locator('.story .done').count(), 0);
    await tab(page, 'Me').click();
    await shows(guide, /waits for {{access token}}/);
  });

  await t.test('nothing was asked of another host, and nothing went wrong', () => {
    assert.ok(asked.length >= 20, `only ${asked.length} requests were seen`);
    assert.deepEqual(foreign(asked, server.url), []);
    assert.deepEqual(faults.filter((fault) => !/\b401\b/.test(fault)), [], 'but for the ended session');
  });
});

test('the playground on a small and on a dark screen', async (t) => {
  const server = await start();
  const browser = await launch();
  t.after(async () => {
    await browser.close();
    await server.stop();
  });
  const { page, faults } = await watched(browser, { width: 800, height: 800 });
  const { guide, run, onward } = hands(page);
  await open(page, server.url);
  assert.equal(await page.getByRole('region', { name: 'Story' }).count(), 0, 'the list would leave no room');
  await run();
  await onward();
  await shows(guide, /eight digits/);
  await sound(page, 'playground-800');

  const [light, ink] = [await ground(page), await keyword(page)];
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize(WIDE);
  await until(async () => (await ground(page)) !== light, ANSWERS_WITHIN, 'a dark ground');
  await until(async () => (await keyword(page)) !== ink, ANSWERS_WITHIN, 'words in light colours');
  await sound(page, 'playground-dark');
  assert.deepEqual(faults, []);
});

test('a playground without introspection says so, and works', async (t) => {
  const server = await start({ INTROSPECTION: 'off' });
  const browser = await launch();
  t.after(async () => {
    await browser.close();
    await server.stop();
  });
  const { page, faults } = await watched(browser, WIDE);
  const { guide, run } = hands(page);
  await open(page, server.url);
  await shows(page.getByRole('alert'), /hides its schema/);
  await sound(page, 'playground-no-schema');
  await run();
  await shows(guide, /Next/);
  const refused = (fault) => fault.startsWith(`${server.url}/graphql: 400`) || fault.includes('status of 400');
  assert.deepEqual(faults.filter((fault) => !refused(fault)), []);
});

/** What a person does with the page: reads its editors, presses its buttons. */
function hands(page) {
  const guide = page.locator('.guide');
  const button = (name) => guide.getByRole('button', { name });
  const text = (name) =>
    page.evaluate((end) => {
      const models = globalThis.__MONACO.editor.getModels();
      return models.find(({ uri }) => uri.path.includes(end)).getValue();
    }, name);
  return {
    guide,
    button,
    editor: text,
    run: (where) => (where ? page.getByRole('button', { name: 'Execute query' }) : button('Run it')).click(),
    onward: () => button(/^Next: /).click(),
    answer: async () => JSON.parse((await text('response')) || 'null'),
  };
}

async function open(page, url) {
  page.setDefaultTimeout(ANSWERS_WITHIN);
  const answer = await page.goto(`${url}/playground`);
  assert.equal(answer.status(), 200);
  await ready(page);
}

const ready = (page) => page.locator('.graphiql-query-editor .view-line').first().waitFor();

const tabs = (page) => page.locator('.graphiql-tab-button').allInnerTexts();

const openTab = (page) => page.locator('.graphiql-tab-active .graphiql-tab-button').innerText();

async function comment(server, token, input) {
  const { errors } = await server.graphql(
    'mutation ($input: CreateCommentInput!) { createComment(input: $input) { userErrors { code } } }', { input }, token);
  assert.equal(errors, undefined);
}

const tab = (page, name) => page.locator('.graphiql-tab-button', { hasText: new RegExp(`^${name}$`) });

const ground = (page) => page.locator('.graphiql-container').evaluate((it) => getComputedStyle(it).backgroundColor);

/** The colour of the word `mutation` in the editor. */
const keyword = (page) =>
  page.locator('.graphiql-query-editor .view-line span span', { hasText: /^mutation$/ }).first()
    .evaluate((it) => getComputedStyle(it).color);

/** A title, no need to scroll sideways, nothing that axe objects to in what is not GraphiQL's; with a picture. */
async function sound(page, name) {
  assert.equal(await page.title(), 'Playground · Lyceum');
  const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= width, `${name} is ${wide} px wide on a screen of ${width}`);
  await page.screenshot({ path: picture(name) });
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => {
    const own = ['.guide', '.story', '.notice', '.brand'].filter((it) => document.querySelector(it));
    return window.axe.run(own, { resultTypes: ['violations'] });
  });
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
  assert.deepEqual(told, [], name);
}
