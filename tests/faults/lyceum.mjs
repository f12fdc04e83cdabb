// Starts the real binary for a fault, and asks it. No package is needed.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BINARY = resolve(process.env.LYCEUM_BIN ?? join(import.meta.dirname, '../../target/debug/lyceum'));

/** A new folder, and what takes it away again. */
export function folder(name) {
  const path = mkdtempSync(join(tmpdir(), `lyceum-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export const run = (command, ...words) => execFileSync(command, words, { encoding: 'utf8', stdio: 'pipe' });

/** What a command of the binary prints. */
export const command = (dataDir, ...words) =>
  execFileSync(BINARY, words, { cwd: dataDir, env: { PATH: process.env.PATH, DATA_DIR: dataDir }, encoding: 'utf8' });

/** `lyceum serve` on a free port; people can sign up and are signed in at once. */
export async function start(dataDir, settings = {}) {
  const env = {
    PATH: process.env.PATH,
    LISTEN: '127.0.0.1:0',
    DATA_DIR: dataDir,
    RATE_LIMITS: 'off',
    EMAIL_VERIFICATION: 'optional',
    ACCOUNT_DISCLOSURE: 'friendly',
    ...settings,
  };
  const child = spawn(BINARY, ['serve'], { cwd: dataDir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (bytes) => (printed += bytes));
  child.stderr.on('data', (bytes) => (printed += bytes));
  const ended = new Promise((done) => child.on('exit', (code, signal) => done(code ?? signal)));
  process.once('exit', () => child.kill('SIGKILL'));
  const until = Date.now() + 30_000;
  let url;
  while (!url) {
    if (Date.now() > until) throw new Error(`the server did not start:\n${printed}`);
    await sleep(20);
    [url] = printed.match(/http:\/\/127\.0\.0\.1:[1-9]\d*/) ?? [];
  }
  const health = async (path) => (await fetch(url + path).catch(() => ({ status: 0 }))).status;
  const graphql = async (query, variables = {}, token) => {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' };
    if (token) headers.Authorization = `Bearer ${token}`;
    const began = performance.now();
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const body = await answer.json();
    const code = body.errors?.[0]?.extensions?.code ?? 'ok';
    return { status: answer.status, code, data: body.data, took: performance.now() - began };
  };
  const stop = async () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { url, pid: child.pid, health, graphql, stop, output: () => printed, running: () => child.exitCode === null };
}

const SIGNUP = `mutation ($name: String!, $email: String!, $password: String!) {
  signup(input: {username: $name, email: $email, password: $password, firstName: "A", lastName: "B"}) {
    accessToken userErrors { message }
  }
}`;
export const PASSWORD = 'quiet lantern maple orbit';

/** The access token of a new account. */
export async function person(server, name) {
  const made = await server.graphql(SIGNUP, { name, email: `${name}@example.com`, password: PASSWORD });
  const token = made.data?.signup?.accessToken;
  if (!token) throw new Error(`no account: ${JSON.stringify(made)}`);
  return token;
}

export function check(claim, holds) {
  console.log(`${holds ? 'ok    ' : 'FAILED'}  ${claim}`);
  if (!holds) process.exitCode = 1;
}

/** How often each answer came, as `ok 120, SERVICE_UNAVAILABLE 9`. */
export function counted(codes) {
  const counts = new Map();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${code} ${count}`).join(', ');
}

export function percentile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
