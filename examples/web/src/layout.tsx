// What stands around every screen.

import { useApolloClient, useMutation } from '@apollo/client/react';
import { Suspense } from 'react';
import { Link, NavLink, Outlet, ScrollRestoration, useNavigate, useRouteError } from 'react-router';
import { told } from './errors';
import { graphql } from './gql';
import { useMe } from './me';
import { Avatar, Screen } from './screen';

const LOG_OUT = graphql(`
  mutation LogOut {
    logout {
      userErrors {
        message
      }
    }
  }
`);

export function Layout() {
  const me = useMe();
  const client = useApolloClient();
  const [logout] = useMutation(LOG_OUT);
  const navigate = useNavigate();

  async function signOut() {
    await logout();
    await navigate('/');
    await client.resetStore();
  }

  return (
    <>
      <header>
        <Link to="/" className="brand"><img src="/favicon.svg" alt="" width="28" height="28" /> Lyceum</Link>
        <nav>
          {me && <NavLink to="/write">Write</NavLink>}
          {me?.role === 'ADMIN' && <NavLink to="/users">Users</NavLink>}
          {me && <NavLink to="/profile"><Avatar of={me} /> <span className="name">{me.displayName}</span></NavLink>}
          {me && <button className="quiet" onClick={signOut}>Sign out</button>}
          {!me && <NavLink to="/login">Log in</NavLink>}
          {!me && <NavLink to="/signup" className="button">Sign up</NavLink>}
        </nav>
      </header>
      <Suspense fallback={<main aria-busy="true"></main>}>
        <Outlet />
      </Suspense>
      <ScrollRestoration />
    </>
  );
}

/** The pages of one's own account. */
export function Tabs() {
  return (
    <nav className="tabs" aria-label="Your account">
      <NavLink to="/profile">Profile</NavLink>
      <NavLink to="/account">Account</NavLink>
      <NavLink to="/sessions">Sessions</NavLink>
    </nav>
  );
}

/** In place of a screen whose question failed. */
export function Trouble() {
  return (
    <Screen title="That did not work" card>
      <p className="note bad" role="alert">{told(useRouteError())}</p>
      <p><a className="button" href="">Try again</a></p>
    </Screen>
  );
}

export function Nowhere() {
  return (
    <Screen title="There is nothing here" card>
      <p>Perhaps it was deleted, or the address is not quite right.</p>
      <p><Link className="button" to="/">To the posts</Link></p>
    </Screen>
  );
}
