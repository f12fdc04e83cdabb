import { useMutation, useSuspenseQuery } from '@apollo/client/react';
import { startTransition, useState } from 'react';
import { told } from '../errors';
import { Action } from '../form';
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

const roles: Record<Role, string> = { USER: 'User', MODERATOR: 'Moderator', ADMIN: 'Administrator' };

/** For administrators. Each mutation answers the user as it is now, so that the cache has nothing to ask. */
export function Users() {
  const me = useMe();
  const [search, setSearch] = useState('');
  const [fault, setFault] = useState<string>();
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
            <Avatar of={user} />
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
                  {Object.entries(roles).map(([role, name]) => <option key={role} value={role}>{name}</option>)}
                </select>
                {user.suspendedUntil ? (
                  <Action className="quiet" act={() => change(async () => (await reinstate({ variables: { id } })).data?.reinstateUser?.userErrors)}>
                    Reinstate
                  </Action>
                ) : (
                  <Action className="quiet danger" act={() => change(async () => (await suspend({ variables: { id } })).data?.suspendUser?.userErrors)}>
                    Suspend
                  </Action>
                )}
              </div>
            )}
          </li>
        ))}
      </ul>
      {pageInfo.hasNextPage && (
        <Action className="quiet more" act={() => fetchMore({ variables: { after: pageInfo.endCursor } })}>More users</Action>
      )}
    </Screen>
  );
}
