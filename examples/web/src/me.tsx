// Who is signed in, and the pages that are for them alone.

import { useSuspenseQuery } from '@apollo/client/react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { graphql } from './gql';
import type { Role } from './gql/graphql';

const ME = graphql(`
  query Me {
    me {
      id
      email
      role
      ...Author
    }
  }
`);

/** Null when nobody is signed in. It is asked once; the cache has it afterwards. */
export const useMe = () => useSuspenseQuery(ME).data.me;

/** Lets the pages below be seen, or leads to the login and back. */
export function SignedIn({ as }: { as?: Role }) {
  const me = useMe();
  const { pathname } = useLocation();
  if (!me) return <Navigate to="/login" state={{ from: pathname }} replace />;
  return as && me.role !== as ? <Navigate to="/" replace /> : <Outlet />;
}
