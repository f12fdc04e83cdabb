//! The binary as an operator meets it: what it demands before it starts, what its commands do, how it ends.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use serde_json::json;

use crate::harness::*;

const PRODUCTION: (&str, &str) = ("APP_ENV", "production");
const FREE_PORT: (&str, &str) = ("LISTEN", "127.0.0.1:0");
const COST: (&str, &str) = ("BCRYPT_COST", "10");

fn is_empty(home: &Home) -> bool {
    std::fs::read_dir(home.path("")).unwrap().next().is_none()
}

fn mode(home: &Home, name: &str) -> u32 {
    std::fs::metadata(home.path(name)).unwrap().permissions().mode() & 0o777
}

/// Bar 101: without its secrets a production server does not start, says which ones, and leaves nothing behind.
#[test]
fn production_does_not_start_without_its_secrets() {
    let (jwt, pepper) = (("JWT_SECRET", JWT_SECRET), ("PASSWORD_PEPPER", PEPPER));
    for (given, missing) in [
        (vec![], vec!["JWT_SECRET", "PASSWORD_PEPPER"]),
        (vec![jwt], vec!["PASSWORD_PEPPER"]),
        (vec![pepper], vec!["JWT_SECRET"]),
        (vec![("JWT_SECRET", "  "), pepper], vec!["JWT_SECRET"]),
    ] {
        for command in [&["serve"][..], &[], &["migrate"], &["doctor"]] {
            let home = Home::new();
            let settings: Vec<_> = [PRODUCTION, FREE_PORT].into_iter().chain(given.iter().copied()).collect();
            let finished = home.run(command, &settings, "");
            assert_eq!(finished.code, Some(1), "{finished:?}");
            assert_eq!(finished.stdout, "");
            let lines: Vec<&str> = finished.stderr.lines().skip(1).collect();
            assert_eq!(lines.len(), missing.len(), "{finished:?}");
            for (line, name) in lines.iter().zip(&missing) {
                assert!(line.starts_with(&format!("{name} is not set; production demands it")), "{line}");
            }
            assert!(is_empty(&home), "no database, no secrets");
        }
    }
}

/// Bar 101: with its secrets, from files too, production starts; nothing is generated then.
#[test]
fn production_starts_with_its_secrets() {
    let home = Home::new();
    std::fs::write(home.path("pepper"), format!("{PEPPER}\n")).unwrap();
    let settings = [PRODUCTION, COST, ("JWT_SECRET", JWT_SECRET), ("PASSWORD_PEPPER_FILE", "pepper")];
    let server = home.serve(&settings);
    assert_eq!(server.get("/health/ready").status, 200);
    let finished = server.stop();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!home.path("data/secrets").exists());
    assert!(!finished.stderr.contains("development secrets"));
}

/// Bar 18: a server does not start with a secret that everybody knows or can guess, and does not repeat it.
#[test]
fn no_server_starts_with_a_secret_of_an_example() {
    for environment in ["development", "production"] {
        for secret in example_secrets() {
            for name in ["JWT_SECRET", "PASSWORD_PEPPER", "JWT_SECRET_PREVIOUS"] {
                let home = Home::new();
                let own = [("JWT_SECRET", JWT_SECRET), ("PASSWORD_PEPPER", PEPPER)];
                let others = own.into_iter().filter(|(other, _)| *other != name);
                let settings: Vec<_> =
                    [("APP_ENV", environment), FREE_PORT, (name, &*secret)].into_iter().chain(others).collect();
                let finished = home.run(&["serve"], &settings, "");
                assert_eq!(finished.code, Some(1), "{name}={secret}: {finished:?}");
                assert!(finished.stderr.contains(&format!("\n{name}: its value ")), "{finished:?}");
                let repeated = secret.len() > 10 && !secret.starts_with('$') && finished.stderr.contains(&secret);
                assert!(!repeated, "{finished:?}");
                assert!(!home.path("data/lyceum.db").exists());
            }
        }
    }
}

/// Bar 101: with secrets that it made itself, a server listens on this machine only, and says that they are such.
#[test]
fn generated_secrets_are_for_loopback_only() {
    let home = Home::new();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        for one in [vec![], vec![("JWT_SECRET", JWT_SECRET)], vec![("PASSWORD_PEPPER", PEPPER)]] {
            let settings: Vec<_> = [("LISTEN", listen)].into_iter().chain(one).collect();
            let finished = home.run(&["serve"], &settings, "");
            assert_eq!(finished.code, Some(1), "{finished:?}");
            let told = finished.stderr.lines().any(|line| line.starts_with(&format!("LISTEN: {listen} is reached")));
            assert!(told && finished.stderr.contains("JWT_SECRET") && finished.stdout.is_empty(), "{finished:?}");
        }
    }
    let server = home.serve(&[]);
    assert!(server.address.ip().is_loopback());
    server.wait_for_log("development secrets are in use");
    assert_eq!(server.stop().code, Some(0));
}

/// Bar 101: the secrets of development are files that only their owner reads; they are random, and they stay.
#[test]
fn generated_secrets_are_private_and_kept() {
    let home = Home::new();
    let server = home.serve(&[]);
    let mut kept = Vec::new();
    for name in ["jwt_secret", "password_pepper"] {
        let file = format!("data/secrets/{name}");
        assert_eq!(mode(&home, &file), 0o600, "{file}");
        kept.push(std::fs::read_to_string(home.path(&file)).unwrap());
    }
    for folder in ["data", "data/secrets"] {
        assert_eq!(mode(&home, folder), 0o700, "{folder}");
    }
    assert!(kept.iter().all(|secret| secret.trim().len() >= 43) && kept[0] != kept[1]);
    let finished = server.stop();
    for secret in &kept {
        assert!(!finished.stdout.contains(secret) && !finished.stderr.contains(secret));
    }
    home.serve(&[]).stop();
    for (name, secret) in ["jwt_secret", "password_pepper"].iter().zip(&kept) {
        assert_eq!(&std::fs::read_to_string(home.path(&format!("data/secrets/{name}"))).unwrap(), secret);
    }
    let other = Home::new();
    other.serve(&[]).stop();
    assert_ne!(std::fs::read_to_string(other.path("data/secrets/jwt_secret")).unwrap(), kept[0]);
}

/// Bar 101: a file of a development secret that others could read is not left open when it is written anew.
#[test]
fn a_secret_is_never_written_into_an_open_file() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("data/secrets")).unwrap();
    std::fs::write(home.path("data/secrets/jwt_secret"), "short").unwrap();
    std::fs::set_permissions(home.path("data/secrets/jwt_secret"), PermissionsExt::from_mode(0o644)).unwrap();
    home.serve(&[]).stop();
    assert!(std::fs::read_to_string(home.path("data/secrets/jwt_secret")).unwrap().len() >= 43);
    assert_eq!(mode(&home, "data/secrets/jwt_secret"), 0o600);
}

/// Bar 101, and the contract: port 0 takes a free port, the address is printed, and it is the true one.
#[test]
fn port_zero_prints_the_real_address() {
    let home = Home::new();
    let (one, two) = (home.serve(&[]), Home::new().serve(&[]));
    assert!(one.address.port() != 0 && one.address != two.address);
    for server in [&one, &two] {
        assert_eq!(server.get("/health/live").status, 200);
        let answer = server.graphql("{ __typename }", &json!({}), &[]);
        assert_eq!((answer.status, answer.str_at("/data/__typename").as_str()), (200, "Query"));
    }
    // The same address again is refused in words.
    let listen = one.address.to_string();
    let finished = home.run(&["serve"], &[("LISTEN", &listen)], "");
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains(&format!("LISTEN: cannot listen on {listen}")), "{finished:?}");
}

/// Bar 101: what `.env` says counts, and the environment is above it.
#[test]
fn the_dot_env_file_is_read() {
    let home = Home::new();
    std::fs::write(home.path(".env"), "JWT_SECRET=too-short\nLISTEN=127.0.0.1:0\n").unwrap();
    let finished = home.run(&["serve"], &[], "");
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("JWT_SECRET: its value is shorter than 32 bytes"), "{finished:?}");
    assert_eq!(home.serve(&[("JWT_SECRET", JWT_SECRET)]).stop().code, Some(0));
}

/// Bar 21, on the wire: a header of 8 KiB and one byte and one of 1 MB are refused; the server goes on.
#[test]
fn an_endless_header_is_refused_at_the_door() {
    let server = Home::new().serve(&[]);
    for bytes in [8 * 1024 + 1, 32 * 1024, 1_000_000] {
        let token = "a".repeat(bytes - "Bearer ".len());
        let body = json!({ "query": ME }).to_string();
        let head = post_head(body.len(), &[("authorization", &format!("Bearer {token}"))]);
        let reply = server.raw(&format!("{head}{body}"));
        assert!([400, 401, 431].contains(&reply.status), "{bytes} bytes: {} {}", reply.status, reply.body);
        assert!(!reply.body.contains("aaaaaaaa"), "{bytes}");
        assert_eq!(server.get("/health/live").status, 200);
    }
    assert_eq!(server.stop().code, Some(0));
}

/// A sign-up whose body the server waits for: it has read the head, and says so.
fn request_in_flight(server: &Server, body: &str) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all(post_head(body.len(), &[("expect", "100-continue")]).as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

fn signup_body() -> String {
    let variables = json!({ "username": "ada", "email": "ada@example.com", "password": PASSWORD });
    json!({ "query": SIGNUP, "variables": variables }).to_string()
}

/// Bar 96: `SIGTERM` closes the door, lets the request in flight finish and keep what it wrote, and ends with 0.
#[test]
fn a_signal_to_stop_finishes_what_is_in_flight() {
    let home = Home::new();
    let server = home.serve(&[]);
    let mut idle = server.connect();
    let body = signup_body();
    let mut stream = request_in_flight(&server, &body);
    server.terminate();
    server.wait_for_log("stopping");
    assert_eq!(Reply::read(&mut idle).status, 0, "an idle connection is closed");
    stream.write_all(body.as_bytes()).unwrap();
    let reply = Reply::read(&mut stream);
    assert_eq!((reply.status, reply.str_at("/data/signup/email").as_str()), (200, "ada@example.com"));
    let address = server.address;
    let finished = server.ended();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stderr.contains("stopped"));
    assert!(TcpStream::connect(address).is_err());

    let server = home.serve(&[]);
    let variables = json!({ "identifier": "ada", "password": PASSWORD });
    let reply = server.graphql(LOGIN, &variables, &[]);
    assert_eq!(reply.str_at("/data/login/userErrors/0/code"), "EMAIL_NOT_VERIFIED", "the sign-up is there");
}

/// Bar 96: a second signal does not wait for anybody.
#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Home::new().serve(&[]);
    let _stream = request_in_flight(&server, &signup_body());
    server.terminate();
    server.wait_for_log("stopping");
    while server.is_running() {
        server.terminate();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.ended().code, Some(130));
}

/// Bar 28: the reuse of a refresh token is an event in the log, with the session and without the token.
#[test]
fn the_reuse_of_a_refresh_token_is_logged() {
    let home = Home::new();
    let created = home.run(&CREATE_ADMIN, &[("BCRYPT_COST", "4")], &format!("{PASSWORD}\n"));
    assert_eq!(created.code, Some(0), "{created:?}");
    let server = home.serve(&[]);
    let login = server.graphql(LOGIN, &json!({ "identifier": "root", "password": PASSWORD }), &[]);
    let first = login.str_at("/data/login/refreshToken");
    let exchange = |token: &str| server.graphql(REFRESH, &json!({ "token": token }), &[]);
    let second = exchange(&first).str_at("/data/refreshSession/refreshToken");
    exchange(&second).str_at("/data/refreshSession/refreshToken");
    assert!(!server.log().contains("used twice"));
    assert_eq!(exchange(&first).str_at("/errors/0/extensions/reason"), "REVOKED");
    server.wait_for_log("a refresh token was used twice; its session is ended");
    let log = server.stop().stderr;
    let line = log.lines().find(|line| line.contains("used twice")).unwrap();
    assert!(line.contains("session=") && line.contains("address=127.0.0.1") && line.contains("WARN"), "{line}");
    assert!(!log.contains(&first) && !log.contains(&second));
}
