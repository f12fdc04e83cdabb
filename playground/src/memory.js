// What the playground remembers for as long as the browser's tab is open: the values that answers brought, the
// token in use, which steps are done, and what was written into which editor.

import { useSyncExternalStore } from 'react';

const KEY = 'lyceum:playground';
const NOTHING = { values: {}, token: undefined, done: [], schemaHidden: false, written: {} };

let memory = { ...NOTHING, ...JSON.parse(sessionStorage.getItem(KEY) ?? '{}') };
const listeners = new Set();

export const recall = () => memory;

export function remember(news) {
  memory = { ...memory, ...news };
  sessionStorage.setItem(KEY, JSON.stringify(memory));
  for (const listener of listeners) listener();
}

/** What was last written into a GraphiQL tab: its `variables`, or the `token` of its headers. */
export const wrote = (tab, what) =>
  remember({ written: { ...memory.written, [tab]: { ...memory.written[tab], ...what } } });

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useMemory = () => useSyncExternalStore(subscribe, recall);

/** Forgets everything, GraphiQL's tabs too but not its theme, and starts the story again. */
export function startOver() {
  sessionStorage.removeItem(KEY);
  for (const kept of ['tabState', 'query', 'variables', 'headers', 'operationName']) {
    localStorage.removeItem(`graphiql:${kept}`);
  }
  location.reload();
}
