// GraphiQL with the story of Lyceum in its first tabs.

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import 'graphiql/setup-workers/vite';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';
import { fetcher } from './fetcher.js';
import { Guide } from './guide.jsx';
import { useMemory } from './memory.js';
import { storyPlugin } from './panel.jsx';
import { firstTabs } from './story.js';

const plugins = [storyPlugin, explorerPlugin(), HISTORY_PLUGIN];
const kept = (what) => localStorage.getItem(`graphiql:${what}`);
// GraphiQL shows the first tab's query by itself, but neither its variables nor its headers.
const first = kept('tabState') ? {} : { initialVariables: firstTabs[0].variables, initialHeaders: firstTabs[0].headers };
const wide = window.innerWidth >= 1200;

function Playground() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      visiblePlugin={kept('visiblePlugin') === null && wide ? storyPlugin : undefined}
      defaultTabs={firstTabs}
      defaultEditorToolsVisibility="variables"
      shouldPersistHeaders
      schemaDescription
      {...first}
    >
      <GraphiQL.Logo>
        <a className="brand" href="/"><img src="/assets/favicon.svg" alt="" width="24" height="24" />Lyceum</a>
      </GraphiQL.Logo>
      <GraphiQL.Footer><Guide /></GraphiQL.Footer>
      <HiddenSchema />
      <Dusk />
    </GraphiQL>
  );
}

function HiddenSchema() {
  const { schemaHidden } = useMemory();
  return schemaHidden && (
    <p className="notice" role="alert">
      This server hides its schema (<code>INTROSPECTION=off</code>): operations work, but there is neither completion
      nor documentation here. <a href="/schema.graphql" target="_blank">The schema as a file</a>
    </p>
  );
}

/** GraphiQL's editors take the system's theme when they start; this tells them when it changes. */
function Dusk() {
  const { setTheme } = useGraphiQLActions();
  const theme = useGraphiQL(({ theme }) => theme);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(theme);
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, [theme]);
}

createRoot(document.getElementById('playground')).render(<Playground />);
