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
      newEmail
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

export function Account() {
  const { data, refetch } = useSuspenseQuery(ACCOUNT);
  const [changeEmail] = useMutation(CHANGE_EMAIL);
  const [changePassword] = useMutation(CHANGE_PASSWORD);

  return (
    <Screen title="Your account">
      <Tabs />
      <section className="card" aria-labelledby="email">
        <h2 id="email">E-mail address</h2>
        <p>{data.me?.email}</p>
        {data.me?.pendingEmail && <p className="note">{data.me.pendingEmail} waits to be confirmed: look at the mail there.</p>}
        <Form
          fields={['newEmail', 'currentPassword']}
          done="Follow the link in the mail to your new address."
          clear
          submit={async (input) => {
            const { data } = await changeEmail({ variables: { input } });
            if (data?.changeEmail?.newEmail) await refetch();
            return data?.changeEmail?.userErrors;
          }}
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
    </Screen>
  );
}
