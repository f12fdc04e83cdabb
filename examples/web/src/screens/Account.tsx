import { useMutation, useSuspenseQuery } from '@apollo/client/react';
import { Field, Form } from '../form';
import { graphql } from '../gql';
import { Tabs } from '../layout';
import { Screen } from '../screen';

const ACCOUNT = graphql(`
  query Account {
    me {
      id
      email
      pendingEmail
    }
  }
`);

const CHANGE_EMAIL = graphql(`
  mutation ChangeEmail($input: ChangeEmailInput!) {
    changeEmail(input: $input) {
      user {
        id
        pendingEmail
      }
      userErrors {
        message
        field
      }
    }
  }
`);

const CHANGE_PASSWORD = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      endedSessionIds
      userErrors {
        message
        field
      }
    }
  }
`);

const DELETE_ACCOUNT = graphql(`
  mutation DeleteAccount($input: DeleteAccountInput!) {
    deleteAccount(input: $input) {
      deletedUserId
      userErrors {
        message
        field
      }
    }
  }
`);

export function Account() {
  const { me } = useSuspenseQuery(ACCOUNT).data;
  const [changeEmail] = useMutation(CHANGE_EMAIL);
  const [changePassword] = useMutation(CHANGE_PASSWORD);
  const [deleteAccount] = useMutation(DELETE_ACCOUNT);

  return (
    <Screen title="Your account">
      <Tabs />
      <section className="card" aria-labelledby="email">
        <h2 id="email">E-mail address</h2>
        <p>{me?.email}</p>
        {me?.pendingEmail && <p className="note">{me.pendingEmail} waits to be confirmed: look at the mail there.</p>}
        <Form
          fields={['newEmail', 'currentPassword']}
          done="Follow the link in the mail to your new address."
          clear
          submit={async (input) => (await changeEmail({ variables: { input } })).data?.changeEmail?.userErrors}
        >
          <Field name="newEmail" label="New e-mail address" type="email" autoComplete="email" />
          <Field name="currentPassword" label="Your password" type="password" autoComplete="current-password" />
          <button>Change my e-mail address</button>
        </Form>
      </section>
      <section className="card" aria-labelledby="password">
        <h2 id="password">Password</h2>
        <Form
          fields={['currentPassword', 'newPassword']}
          done="Your new password is set, and you are signed out everywhere else."
          clear
          submit={async (input) => (await changePassword({ variables: { input } })).data?.changePassword?.userErrors}
        >
          <Field name="currentPassword" label="Current password" type="password" autoComplete="current-password" />
          <Field name="newPassword" label="New password" hint="8 characters or more, and hard to guess" type="password" autoComplete="new-password" />
          <button>Change my password</button>
        </Form>
      </section>
      <section className="card" aria-labelledby="end">
        <h2 id="end">Delete your account</h2>
        <p>Your profile, your picture and your sessions go at once, and nobody can bring them back.</p>
        <Form
          fields={['password', 'content']}
          submit={async ({ password, content }) => {
            const input = { password, content: content ? 'DELETE' : 'KEEP_ANONYMISED' } as const;
            const { data } = await deleteAccount({ variables: { input } });
            if (data?.deleteAccount?.deletedUserId) location.assign('/');
            return data?.deleteAccount?.userErrors;
          }}
        >
          <label className="choice"><input type="checkbox" name="content" /> Delete my posts and comments too; else they stay without my name</label>
          <Field name="password" label="Your password" type="password" autoComplete="current-password" />
          <button className="danger">Delete my account</button>
        </Form>
      </section>
    </Screen>
  );
}
