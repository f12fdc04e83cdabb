// Writes into GraphiQL's tabs and editors: known values into the variables, the token into the headers, a step
// into a tab. Only the open tab is ever written to; every other one when it is opened.

import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';
import { recall, useMemory, wrote } from './memory.js';
import { fill, stepOf } from './story.js';

export const useOpenTab = () => useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]);

/** The editors by the part of a tab that each shows; none before Monaco is there. */
const useEditors = () =>
  useGraphiQL(({ queryEditor, variableEditor, headerEditor }) =>
    ({ query: queryEditor, variables: variableEditor, headers: headerEditor }));

/** Writes parts of the open tab, at once: the editors alone would tell the tab when another may be open. */
export function useWriting() {
  const { updateActiveTabValues } = useGraphiQLActions();
  const editors = useEditors();
  return (parts) => {
    updateActiveTabValues(parts);
    for (const [part, text] of Object.entries(parts)) editors[part]?.setValue(text);
  };
}

/** Keeps the open tab filled with what is known. */
export function useFilling() {
  const { variables, headers } = useEditors();
  const write = useWriting();
  const { id, operationName } = useOpenTab();
  const { values, token } = useMemory();
  useEffect(() => {
    const filled = variables && filledIn(id, stepOf(operationName), variables.getValue(), values);
    if (!filled) return;
    write({ variables: filled });
    wrote(id, { variables: filled });
  }, [id, operationName, variables, values]);
  useEffect(() => {
    const signed = headers && token && signedBy(token, id, stepOf(operationName), headers.getValue());
    if (!signed) return;
    write({ headers: signed });
    wrote(id, { token });
  }, [id, operationName, headers, token]);
}

/** Variables that only the playground wrote are filled anew; in others, what is still missing. */
function filledIn(tab, step, now, values) {
  const untouched = step && now === recall().written[tab]?.variables;
  const filled = fill(untouched ? step.variables : now, values);
  return filled === now ? undefined : filled;
}

/** Once for a token: what a person does with the headers afterwards stays. Steps without a login stay without one. */
function signedBy(token, tab, step, now) {
  const done = recall().written[tab]?.token === token;
  const headers = parsed(now || '{}');
  if (done || !headers || (step && !step.signedIn)) return undefined;
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  return JSON.stringify({ Authorization: `Bearer ${token}`, ...Object.fromEntries(others) }, null, 2);
}

/** The JSON of a text; nothing for what is none. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Opens the tab of a step, which may have to be made. */
export function useOpenStep() {
  const { addTab, changeTab } = useGraphiQLActions();
  const tabs = useGraphiQL(({ tabs }) => tabs);
  const write = useWriting();
  return ({ name, query, variables, headers }) => {
    const open = tabs.findIndex(({ operationName }) => operationName === name);
    if (open >= 0) return changeTab(open);
    addTab();
    write({ query, variables, headers, operationName: name });
  };
}

/** Long lines (comments, ids, bodies) go on in the next one, and the open tab is in sight. */
export function useSight() {
  const { query, variables } = useEditors();
  const response = useGraphiQL(({ responseEditor }) => responseEditor);
  const index = useGraphiQL(({ activeTabIndex }) => activeTabIndex);
  useEffect(() => {
    for (const editor of [query, variables, response]) editor?.updateOptions({ wordWrap: 'on' });
  }, [query, variables, response]);
  useEffect(() => inSight(document.getElementById(`graphiql-session-tab-${index}`)), [index]);
}

export function inSight(element) {
  element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
