import { useMutation, useSuspenseQuery } from '@apollo/client/react';
import { startTransition, useState, useTransition } from 'react';
import { told } from '../errors';
import { graphql } from '../gql';
import type { Role } from '../gql/graphql';
import { useMe } from '../me';
import { Avatar, Screen } from '../screen';

graphql(`
  fragment UserRow on User {
    ...Author
    email
    role
    suspendedUntil
  }
`);

const USERS = graphql(`
  query Users($filter: UserFilter, $after: String) {
    users(first: 20, after: $after, filter: $filter) {
      edges {
        node {
          ...UserRow
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

const SET_ROLE = graphql(`
  mutation SetRole($id: ID!, $role: Role!) {
    setUserRole(input: { id: $id, role: $role }) {
      user {
        ...UserRow
      }
      userErrors {
        message
      }
    }
  }
`);

const SUSPEND = graphql(`
  mutation Suspend($id: ID!) {
    suspendUser(input: { id: $id }) {
      user {
        ...UserRow
      }
      userErrors {
        message
      }
    }
  }
`);

const REINSTATE = graphql(`
  mutation Reinstate($id: ID!) {
    reinstateUser(input: { id: $id }) {
      user {
        ...UserRow
      }
      userErrors {
        message
      }
    }
  }
`);

const roles: Role[] = ['USER', 'MODERATOR', 'ADMIN'];

/** For administrators. Each mutation answers the user as it is now, so that the cache has nothing to ask. */
export function Users() {
  const me = useMe();
  const [search, setSearch] = useState('');
  const [fault, setFault] = useState<string>();
  const [loading, startLoading] = useTransition();
  const { data, fetchMore } = useSuspenseQuery(USERS, { variables: { filter: search ? { search } : {} } });
  const [setRole] = useMutation(SET_ROLE);
  const [suspend] = useMutation(SUSPEND);
  const [reinstate] = useMutation(REINSTATE);
  const { edges, pageInfo } = data.users ?? { edges: [], pageInfo: { endCursor: null, hasNextPage: false } };

  async function change(work: () => Promise<readonly { message: string }[] | undefined>) {
    const errors = await work().catch((error) => [{ message: told(error) }]);
    setFault(errors?.map(({ message }) => message).join(' '));
  }

  return (
    <Screen title="Users">
      <search className="bar">
        <input
          type="search"
          aria-label="Search the users"
          placeholder="Name, username or e-mail address"
          onChange={({ target }) => startTransition(() => setSearch(target.value))}
        />
      </search>
      <div role="alert">{fault && <p className="note bad">{fault}</p>}</div>
      <ul className="card rows">
        {edges.map(({ node: { id, ...user } }) => (
          <li key={id}>
            <Avatar of={{ id, ...user }} />
            <div>
              <p><strong>{user.displayName}</strong> {user.suspendedUntil && <span className="badge bad">Suspended</span>}</p>
              <p className="hint">@{user.username} · {user.email}</p>
            </div>
            {id !== me?.id && (
              <div className="buttons">
                <select
                  aria-label={`Role of ${user.displayName}`}
                  value={user.role}
                  onChange={({ target }) =>
                    change(async () => (await setRole({ variables: { id, role: target.value as Role } })).data?.setUserRole?.userErrors)}
                >
                  {roles.map((role) => <option key={role}>{role}</option>)}
                </select>
                {user.suspendedUntil ? (
                  <button className="quiet" onClick={() => change(async () => (await reinstate({ variables: { id } })).data?.reinstateUser?.userErrors)}>
                    Reinstate
                  </button>
                ) : (
                  <button className="quiet danger" onClick={() => change(async () => (await suspend({ variables: { id } })).data?.suspendUser?.userErrors)}>
                    Suspend
                  </button>
                )}
              </div>
            )}
          </li>
        ))}
      </ul>
      {pageInfo.hasNextPage && (
        <button
          className="quiet more"
          aria-busy={loading}
          onClick={() => startLoading(async () => void (await fetchMore({ variables: { after: pageInfo.endCursor } })))}
        >
          More users
        </button>
      )}
    </Screen>
  );
}
