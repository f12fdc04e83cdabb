import { useMutation } from '@apollo/client/react';
import { Link } from 'react-router';
import { Form } from '../form';
import { graphql } from '../gql';
import { Screen } from '../screen';
import { useToken } from '../token';

const CANCEL = graphql(`
  mutation CancelEmail($token: String!) {
    cancelEmailChange(input: { token: $token }) {
      email
      userErrors {
        message
        field
      }
    }
  }
`);

/** Where the mail to the old address leads. */
export function CancelEmail() {
  const [cancel] = useMutation(CANCEL);
  const token = useToken() ?? '';

  return (
    <Screen title="Keep your address" card>
      <p>Somebody asked for another e-mail address for your account. If that was not you, keep the one you have: every session ends, and a new password is a good idea.</p>
      <Form
        fields={[]}
        done="Your account keeps this address, and every session has ended."
        submit={async () => (await cancel({ variables: { token } })).data?.cancelEmailChange?.userErrors}
      >
        <button>Keep my address</button>
      </Form>
      <p className="aside"><Link to="/account">To my account</Link></p>
    </Screen>
  );
}
