import { useMutation } from '@apollo/client/react';
import { Link } from 'react-router';
import { Form } from '../form';
import { graphql } from '../gql';
import { Screen } from '../screen';
import { useToken } from '../token';

const CONFIRM = graphql(`
  mutation ConfirmEmail($token: String!) {
    confirmEmailChange(input: { token: $token }) {
      user {
        id
        email
      }
      userErrors {
        message
        field
      }
    }
  }
`);

/** Where the mail to a new address leads. */
export function ConfirmEmail() {
  const [confirm] = useMutation(CONFIRM);
  const token = useToken() ?? '';

  return (
    <Screen title="Confirm your new address" card>
      <p>One press makes the address that this mail went to the address of your account.</p>
      <Form
        fields={[]}
        done="This is the address of your account from now on."
        submit={async () => (await confirm({ variables: { token } })).data?.confirmEmailChange?.userErrors}
      >
        <button>Confirm my new address</button>
      </Form>
      <p className="aside"><Link to="/account">To my account</Link></p>
    </Screen>
  );
}
