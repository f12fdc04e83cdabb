//! What people change about their own accounts: passwords as literals, and the tokens of the two mails, also where each
//! does not belong.

use super::*;

const NEW: &str = "countess@example.org";

impl Flow<'_> {
    /// Leaves everything as it was, but for the session.
    pub(super) fn changes(&mut self) {
        let tokens = self.log_in(SECOND);
        let (access, refresh) = (tokens.access, tokens.refresh);
        self.refused(&self.change_password(&access, WRONG, THIRD));
        self.refused(&self.change_password(&access, SECOND, WEAK));
        accepted(&self.change_password(&access, SECOND, THIRD));
        accepted(&self.change_password(&access, THIRD, SECOND));
        self.refused(&self.change_email(&access, WRONG));
        accepted(&self.change_email(&access, SECOND));
        let confirm = self.token_of_mail_to("the new address", NEW, "/confirm-email?token=");
        let cancel = self.token_of_mail_to("the old address", EMAIL, "/cancel-email?token=");
        for (page, token) in [("confirm-email", &confirm), ("cancel-email", &cancel)] {
            self.server.get(&format!("/{page}?token={token}"));
        }
        self.refused(&self.use_token("confirmEmailChange", &cancel));
        self.refused(&self.use_token("cancelEmailChange", &confirm));
        self.refused(&self.use_token("confirmEmailChange", &confirm[1..]));
        accepted(&self.use_token("confirmEmailChange", &confirm));
        self.refused(&self.use_token("confirmEmailChange", &confirm));
        accepted(&self.use_token("cancelEmailChange", &cancel));
        self.refused(&self.use_token("cancelEmailChange", &cancel));
        self.refused(&self.change_email(&access, SECOND));
        self.refused(&self.server.graphql(REFRESH, &json!({ "token": refresh }), &[]));

        let tokens = self.log_in(SECOND);
        let delete =
            format!("mutation {{ deleteAccount(input: {{password: \"{WRONG}\"}}) {{ userErrors {{ code }} }} }}");
        self.refused(&self.as_user(&tokens.access, &delete, &json!({})));
    }

    fn as_user(&self, access: &str, query: &str, variables: &Value) -> Reply {
        self.server.graphql(query, variables, &[("authorization", &format!("Bearer {access}"))])
    }

    fn change_password(&self, access: &str, current: &str, new: &str) -> Reply {
        let input = format!("{{currentPassword: \"{current}\", newPassword: \"{new}\"}}");
        let document = format!("mutation {{ changePassword(input: {input}) {{ userErrors {{ code message }} }} }}");
        self.as_user(access, &document, &json!({}))
    }

    fn change_email(&self, access: &str, password: &str) -> Reply {
        let document =
            "mutation ($input: ChangeEmailInput!) { changeEmail(input: $input) { userErrors { code message } } }";
        self.as_user(access, document, &json!({ "input": { "newEmail": NEW, "currentPassword": password } }))
    }

    fn use_token(&self, mutation: &str, token: &str) -> Reply {
        let document =
            format!("mutation {{ {mutation}(input: {{token: \"{token}\"}}) {{ userErrors {{ code message }} }} }}");
        self.server.graphql(&document, &json!({}), &[])
    }

    /// The token in the mail to this address with such a link, as a canary from now on.
    fn token_of_mail_to(&mut self, name: &str, address: &str, link: &str) -> String {
        let text = until(&format!("the mail to {name}"), || {
            let received =
                self.sink.received().into_iter().filter(|mail| mail.to.iter().any(|to| to.contains(address)));
            let mut texts = received.filter_map(|mail| {
                let message = MessageParser::default().parse(&mail.data)?;
                message.body_text(0).map(std::borrow::Cow::into_owned)
            });
            texts.rfind(|text| text.contains(link))
        });
        let token = token_in(&text);
        self.canaries.add(&format!("the token to {name}"), &token);
        token
    }
}
