// What stands around every screen.

import { useMutation } from '@apollo/client/react';
import { Suspense } from 'react';
import { Link, NavLink, Outlet, ScrollRestoration, useRouteError } from 'react-router';
import { told } from './errors';
import { Action } from './form';
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
  const [logout] = useMutation(LOG_OUT);

  async function signOut() {
    await logout();
    location.assign('/'); // a fresh page forgets all that it showed
  }

  return (
    <>
      <header>
        <Link to="/" className="brand"><img src="/favicon.svg" alt="" width="28" height="28" /> Lyceum</Link>
        <nav>
          {me && <NavLink to="/write">Write</NavLink>}
          {me?.role === 'ADMIN' && <NavLink to="/users">Users</NavLink>}
          {me && <NavLink to="/profile"><Avatar of={me} /> <span className="name">{me.displayName}</span></NavLink>}
          {me && <Action className="quiet" act={signOut}>Sign out</Action>}
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
