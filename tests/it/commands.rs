//! The commands beside `serve`: what they print, what they leave behind, and how they end.

use serde_json::json;

use crate::harness::*;

const COST: (&str, &str) = ("BCRYPT_COST", "4");

/// Bar 101: `lyceum schema` prints the SDL, whatever the settings are, and touches nothing.
#[test]
fn schema_prints_the_sdl_and_needs_no_settings() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
    let home = Home::new();
    for settings in [vec![], vec![("APP_ENV", "production")], vec![("LISTEN", "nonsense")]] {
        let finished = home.run(&["schema"], &settings, "");
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stdout == committed, "{}", finished.stdout);
        assert_eq!(finished.stderr, "");
    }
    assert!(std::fs::read_dir(home.path("")).unwrap().next().is_none());
}

/// An operator has to know which version runs, and be able to ask without settings.
#[test]
fn the_version_is_told_and_needs_no_settings() {
    let home = Home::new();
    let finished = home.run(&["--version"], &[("LISTEN", "nonsense")], "");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.stdout, concat!("lyceum ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// Bar 101: `lyceum migrate` makes the tables, and a second time does nothing.
#[test]
fn migrate_brings_the_database_up_to_date_and_ends() {
    let home = Home::new();
    for _ in 0..2 {
        let finished = home.run(&["migrate"], &[], "");
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert_eq!(finished.stdout, "SQLite: the database is up to date\n");
    }
    assert!(home.path("data/lyceum.db").exists());
}

/// Bar 101: a command that cannot do its work ends with 1 and says why, without the password in the URL.
#[test]
fn a_database_that_is_away_is_told_without_its_password() {
    let home = Home::new();
    let url = "postgres://lyceum:canary-of-the-database@127.0.0.1:1/lyceum";
    for command in [&["migrate"][..], &["serve"], &CREATE_ADMIN, &["doctor"]] {
        let settings = [("DATABASE_URL", url), ("LISTEN", "127.0.0.1:0"), ("RUST_LOG", "trace")];
        let finished = home.run(command, &settings, &format!("{PASSWORD}\n"));
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.stderr.contains("lyceum: "), "{finished:?}");
        assert!(!format!("{finished:?}").contains("canary-of-the-database"), "{finished:?}");
    }
}

/// Bars 64 and 101: the first administrator is made by who runs the server, with a password on standard input.
#[test]
fn an_administrator_is_made_with_a_password_on_standard_input() {
    let home = Home::new();
    // Spaces belong to a password; only the line's end does not.
    let password = "  violet harbor kettle moon ";
    let finished = home.run(&CREATE_ADMIN, &[COST], &format!("{password}\r\nnot this line\n"));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.stdout, "root is an administrator\n");
    assert!(!finished.stderr.contains("violet"));

    let server = home.serve(&[]);
    let log_in =
        |password: &str| server.graphql(LOGIN, &json!({ "identifier": "root@example.com", "password": password }), &[]);
    let token = log_in(password).str_at("/data/login/accessToken");
    assert_eq!(log_in(password.trim()).str_at("/data/login/userErrors/0/code"), "INVALID_CREDENTIALS");
    let me = server.graphql(ME, &json!({}), &[("authorization", &format!("Bearer {token}"))]);
    assert_eq!(me.str_at("/data/me/role"), "ADMIN");
    assert_eq!(me.at("/data/me/emailVerified"), json!(true));
}

/// Bars 6, 64 and 101: what nobody may sign up with, an administrator may not have either; nothing is half made.
#[test]
fn an_administrator_that_cannot_be_is_refused_in_words() {
    let home = Home::new();
    assert_eq!(home.run(&CREATE_ADMIN, &[COST], &format!("{PASSWORD}\n")).code, Some(0));
    let create = |username: &str, email: &str, input: &str| {
        let arguments = ["admin", "create", "--username", username, "--email", email];
        let finished = home.run(&arguments, &[COST], input);
        assert_eq!((finished.code, &*finished.stdout), (Some(1), ""), "{finished:?}");
        finished.stderr
    };
    let good = format!("{PASSWORD}\n");
    assert!(create("root", "other@example.com", &good).contains("username: This username is taken."));
    assert!(create("other", "ROOT@example.com", &good).contains("email: "));
    assert!(create("x", "not an address", &good).contains("username: "));
    for weak in ["", "\n", "short\n", "password1234\n"] {
        assert!(create("other", "other@example.com", weak).contains("password: "), "{weak:?}");
    }
    // A password among the arguments would be seen by everybody who can list processes.
    let arguments = [&CREATE_ADMIN[..], &["--password", PASSWORD]].concat();
    assert_eq!(home.run(&arguments, &[COST], "").code, Some(2));
    let finished =
        home.run(&["admin", "create", "--username", "other", "--email", "other@example.com"], &[COST], &good);
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

/// `lyceum health` asks the server that runs with the same settings, on the loopback address when it listens on all.
#[test]
fn health_asks_the_running_server() {
    let home = Home::new();
    let server = home.serve(&[]);
    let port = server.address.port();
    let secrets = [("JWT_SECRET", JWT_SECRET), ("PASSWORD_PEPPER", PEPPER)];
    for listen in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}")] {
        let finished = home.run(&["health"], &[&secrets[..], &[("LISTEN", &listen)]].concat(), "");
        assert_eq!((finished.code, &*finished.stdout), (Some(0), "ready\n"), "{finished:?}");
    }
    assert_eq!(server.stop().code, Some(0));
    let finished = home.run(&["health"], &[("LISTEN", &*format!("127.0.0.1:{port}"))], "");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("does not answer"), "{finished:?}");
}

/// What is not a command or an option ends with 2 and the usage.
#[test]
fn an_unknown_command_is_refused() {
    let home = Home::new();
    for arguments in [&["fly"][..], &["admin"], &["admin", "create"], &["serve", "--port", "1"]] {
        let finished = home.run(arguments, &[], "");
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains("Usage"), "{finished:?}");
    }
}
