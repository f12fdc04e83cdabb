//! The same events in the log of a server.

use super::*;

fn lines(server: &Server) -> Vec<Value> {
    let lines = server.log();
    let parsed = lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")));
    parsed.filter(|line: &Value| line["target"] == "lyceum::audit").collect()
}

/// Bar 103: each line has its time, user, address and request, and nobody writes a line of their own into it, nor a colour.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_hears_of_each_event_and_of_nothing_else() {
    let home = Home::new();
    assert_eq!(home.run(&CREATE_ADMIN, &[], PASSWORD).code, Some(0));
    let server = home.serve(&[("LOG_FORMAT", "json"), ("RUST_LOG", "info")]);
    let forged = "x\n{\"target\":\"lyceum::audit\"}\u{1b}[31m\r\nroot";
    let attempt = |identifier: &str, password: &str| {
        let variables = json!({ "identifier": identifier, "password": password });
        server.graphql(LOGIN, &variables, &[("user-agent", "Browser\t1.0")])
    };
    attempt(forged, forged);
    attempt("root", "not this one");
    let token = attempt("root", PASSWORD).str_at("/data/login/accessToken");
    let form = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD });
    server.graphql(SIGNUP, &form, &[]);
    let bearer = format!("Bearer {token}");
    let denied = "mutation { mine: createUser(input: {username: \"b\", email: \"b\", password: \"b\", firstName: \"b\",
        lastName: \"b\"}) { userErrors { code } } }";
    let path = home.path("data/lyceum.db");
    let database = format!("sqlite://{}", path.display());
    demote_all(&database).await;
    server.graphql(denied, &json!({}), &[("authorization", &bearer)]);
    server.wait_for_log("DENIED");

    let heard = lines(&server);
    let told = |line: &Value| -> String {
        let words = ["kind", "outcome", "path"].map(|name| line["fields"][name].as_str());
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let expected = ["LOGIN FAILURE", "LOGIN FAILURE", "LOGIN SUCCESS", "SIGNUP SUCCESS", "DENIED mine"];
    assert_eq!(heard.iter().map(told).collect::<Vec<_>>(), expected);
    for line in &heard {
        assert!(line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
        assert_eq!(line["fields"]["address"], "127.0.0.1", "{line}");
        assert_eq!(line["span"]["id"].as_str().map(str::len), Some(32), "{line}");
    }
    assert_eq!(heard[0]["fields"].get("user"), None, "nobody has that name");
    let root = heard[2]["fields"]["user"].as_str().unwrap();
    assert_eq!((heard[1]["fields"]["user"].as_str(), heard[4]["fields"]["actor"].as_str()), (Some(root), Some(root)));
    let log = server.log();
    assert!(!log.contains('\u{1b}') && !log.contains("31m"), "{log}");
    assert_eq!(server.stop().code, Some(0));
}

/// Takes the role from everybody, while the server runs.
async fn demote_all(url: &str) {
    use sea_orm::ConnectionTrait as _;
    let connection = sea_orm::Database::connect(url).await.unwrap();
    connection.execute_unprepared("UPDATE users SET role = 'USER'").await.unwrap();
}
