//! Answers written straight to JSON are, to the byte, those of the resolvers alone. A document in which a response key
//! stands twice is answered by the resolvers; so each document is sent once as it is and once with a `__typename` told
//! twice, which changes nothing else. `DOCUMENTS=10000` sends more of them.

mod documents;

use serde_json::json;

use self::documents::Documents;
use crate::harness::{door::at_the_door, *};

const DOCUMENTS: u64 = 1_000;

/// Posts with comments, some of people who are gone, some drafts.
async fn written(lyceum: &Lyceum) -> Vec<String> {
    let ada = lyceum.person("ada").await;
    let bob = lyceum.person("bob").await;
    let mut ids = vec![ada.id.clone(), bob.id.clone()];
    for number in 0..6 {
        let author = if number % 2 == 0 { &ada } else { &bob };
        let status = if number == 4 { "DRAFT" } else { "PUBLISHED" };
        let title = format!("Post \"{number}\" \\ of <several> \u{1F600}");
        let post = lyceum.write_post(author, &title, status).await;
        for comment in 0..number % 4 {
            let writer = if comment % 2 == 0 { &bob } else { &ada };
            ids.push(lyceum.write_comment(writer, &post, &format!("Said\n\t{comment}\u{2028}")).await);
        }
        ids.push(post);
    }
    let gone = lyceum.person("gone").await;
    let post = lyceum.write_post(&gone, "Left behind", "PUBLISHED").await;
    lyceum.write_comment(&gone, &post, "So was this.").await;
    let deleted = json!({ "password": PASSWORD, "content": "KEEP_ANONYMISED" });
    lyceum.mutate(&gone.token, "deleteAccount", deleted).await.ok();
    ids.push(post);
    ids
}

#[expect(clippy::disallowed_methods, reason = "who runs the tests says how many, not the server")]
fn count() -> u64 {
    std::env::var("DOCUMENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(DOCUMENTS)
}

#[tokio::test]
async fn written_straight_or_resolved_the_answer_is_the_same() {
    let count = count();
    at_the_door(&[], async |lyceum| {
        let ids = written(lyceum).await;
        let mut tokens = vec![String::new()];
        tokens.push(lyceum.log_in("ada@example.com", PASSWORD).await.str_at("login.accessToken").to_owned());
        tokens.push(lyceum.person_with_role("mia", "MODERATOR").await.token);
        tokens.push(lyceum.person_with_role("amy", "ADMIN").await.token);
        let mut documents = Documents::new(20_261_121, ids);
        let (mut refused, mut bytes) = (0, 0);
        for number in 0..count {
            let document = documents.next();
            let token = &tokens[usize::try_from(number).unwrap() % tokens.len()];
            let variables = json!({ "yes": true, "no": false, "few": 2, "id": documents.any_id() });
            let straight = lyceum.ask(token, &document.text("zz: __typename"), variables.clone()).await;
            let resolved = lyceum.ask(token, &document.text("zz: __typename zz: __typename"), variables).await;
            let (straight, resolved) = (straight.text(), resolved.text());
            assert_eq!(straight, resolved, "document {number}: {}", document.text("zz: __typename"));
            assert!(straight.contains("\"data\":{"), "{straight}\n{}", document.text("zz: __typename"));
            refused += u64::from(straight.contains("\"errors\""));
            bytes += straight.len();
        }
        println!("{count} documents, {refused} with errors, {bytes} bytes");
        assert!(refused > count / 20 && refused < count * 9 / 10, "{refused} of {count} with errors");
    })
    .await;
}
