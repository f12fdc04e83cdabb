// A browser that a test drives by the keyboard, and what every page has to hold: nothing asked of another host,
// nothing wider than the screen, no fault that nobody sees.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { until } from './server.mjs';

export const ANSWERS_WITHIN = 10_000;
export const WIDTHS = [1280, 390];
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = join(import.meta.dirname, 'screenshots');
const TABS = 80;

export async function launch() {
  assert.ok(existsSync(BROWSER), `there is no ${BROWSER}: install Chromium, or set CHROMIUM`);
  await mkdir(SCREENSHOTS, { recursive: true });
  return chromium.launch({
    executablePath: BROWSER,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A page that asks for another host fails at once, wherever the test runs.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}

/** A page of which every request and every fault is noted. */
export async function watched(browser, viewport) {
  const context = await browser.newContext({ viewport });
  const faults = [];
  const asked = [];
  context.on('request', (request) => asked.push(request.url()));
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // A page that is left takes its requests along.
    if (reason !== 'net::ERR_ABORTED') faults.push(`${request.url()}: ${reason}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.url()}: ${response.status()}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => faults.push(`script: ${error.error().message}`));
  const page = await context.newPage();
  page.on('websocket', (socket) => asked.push(socket.url()));
  return { page, faults, asked };
}

/** Those of the addresses that are not of this server. */
export function foreign(asked, url) {
  const local = [`${url}/`, `${url.replace('http', 'ws')}/`, 'data:', 'blob:', 'about:'];
  return asked.filter((address) => !local.some((start) => address.startsWith(start)));
}

/** Where a picture of this name goes. */
export const picture = (name) => join(SCREENSHOTS, `${name}.png`);

/** A picture for somebody to be known by: hills under the sun, in colours around this hue. */
export async function landscape(browser, hue) {
  const page = await browser.newPage({ viewport: { width: 256, height: 256 } });
  const colour = (more, saturation, light) => `hsl(${hue + more} ${saturation}% ${light}%)`;
  await page.setContent(`<body style="margin: 0">
    <svg viewBox="0 0 64 64" style="display: block; background: linear-gradient(${colour(0, 60, 68)}, ${colour(35, 80, 86)})">
      <circle cx="42" cy="24" r="8" fill="${colour(50, 95, 94)}"/>
      <path d="M0 44q16-18 30-4t34-8v32H0z" fill="${colour(-10, 40, 42)}"/>
      <path d="M0 54q22-14 40-2t24-4v16H0z" fill="${colour(-20, 45, 28)}"/>
    </svg>`);
  const picture = await page.screenshot();
  await page.close();
  return picture;
}

/** A page that is sound on each screen. */
export async function fits(page, name) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await sound(page, `${name}-${width}`);
  }
}

/** One heading, a language, a title, no need to scroll sideways, and nothing that axe objects to; with a picture. */
export async function sound(page, name) {
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${name}: headings of level 1`);
  assert.match(await page.locator('html').getAttribute('lang'), /^[a-z]{2}/);
  assert.notEqual(await page.title(), '');
  const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= width, `${name} is ${wide} px wide on a screen of ${width}`);
  await page.screenshot({ path: picture(name), fullPage: true });
  await accessible(page, name);
  await page.emulateMedia({ colorScheme: 'dark' });
  if (await newInTheDark(page)) await page.screenshot({ path: picture(`${name}-dark`), fullPage: true });
  await accessible(page, `${name}, dark`);
  await page.emulateMedia({ colorScheme: 'light' });
}

async function accessible(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
  assert.deepEqual(told, [], name);
}

const seenInTheDark = new Set();

/** Whether there is no dark picture yet of this page, with what is unfolded in it, on this screen. */
async function newInTheDark(page) {
  const looks = await page.evaluate(() => {
    const unfolded = [...document.querySelectorAll('details[open] h2')].map((it) => it.textContent);
    return [location.pathname, innerWidth, ...unfolded].join();
  });
  return seenInTheDark.size < seenInTheDark.add(looks).size;
}

/** Tabs to the element, and asserts that one sees where one is. */
export async function tabTo(page, element) {
  await element.waitFor();
  const focused = () => element.evaluate((it) => it === document.activeElement);
  for (let tabs = 0; tabs < TABS && !(await focused()); tabs += 1) await page.keyboard.press('Tab');
  assert.ok(await focused(), `${element} cannot be reached with the Tab key`);
  const ring = await element.evaluate((it) => {
    const { outlineStyle, boxShadow } = getComputedStyle(it);
    return outlineStyle !== 'none' || boxShadow !== 'none';
  });
  assert.ok(ring, `${element} does not show that it has the focus`);
}

/** Tabs to the element and presses Enter. */
export async function byKeyboard(page, element) {
  await tabTo(page, element);
  await page.keyboard.press('Enter');
}

/** Tabs to the field and types, in place of what it held. */
export async function type(page, field, text) {
  await tabTo(page, field);
  await page.keyboard.press('ControlOrMeta+a');
  if (text === '') await page.keyboard.press('Delete');
  else await page.keyboard.insertText(text);
}

/** What these elements show; a page may bring them only with the answer. Empty while a page is being left. */
export async function textOf(elements) {
  const texts = await elements.allInnerTexts().catch(() => []);
  return texts.join(' ').trim();
}

/** Waits until the elements show what fits the pattern. */
export const shows = (elements, pattern) =>
  until(async () => pattern.test(await textOf(elements)), ANSWERS_WITHIN, `${elements} to show ${pattern}`);

/** The text of the page and of the frames in it. */
export async function everything(page) {
  const texts = page.frames().map((frame) => frame.locator('body').innerText({ timeout: 1000 }).catch(() => ''));
  return (await Promise.all(texts)).join('\n');
}
