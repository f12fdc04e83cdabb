use super::{RelayUrl, Security};

fn read(url: &str) -> RelayUrl {
    RelayUrl::parse(url).unwrap_or_else(|error| panic!("{url} {error}"))
}

#[test]
fn a_relay_elsewhere_must_offer_starttls() {
    let relay = read("smtp://mail.example.com");
    assert_eq!((relay.security, relay.port), (Security::Required, 587));
    assert_eq!(read("smtp://10.0.0.1:2525").security, Security::Required);
    assert_eq!(read("smtp://localhost.example.com").security, Security::Required);
}

#[test]
fn a_relay_on_this_machine_needs_no_tls_unless_it_is_asked_for() {
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "[::1]"] {
        let relay = read(&format!("smtp://{host}"));
        assert_eq!((relay.security, relay.port), (Security::Plain, 25), "{host}");
        assert_eq!(read(&format!("smtp://{host}?tls=required")).security, Security::Required);
    }
    assert_eq!(read("smtp://[::1]:2525").host, "::1");
}

#[test]
fn less_tls_has_to_be_asked_for_by_name() {
    let relay = read("smtp://mail.example.com?tls=opportunistic");
    assert_eq!((relay.security, relay.port), (Security::Opportunistic, 587));
    assert_eq!(read("smtp://mail.example.com?tls=none").security, Security::Plain);
    for query in ["tls=", "tls=no", "tls=None", "TLS=none", "tls", "", "tls=none&tls=required", "x=1"] {
        assert!(RelayUrl::parse(&format!("smtp://mail.example.com?{query}")).is_err(), "{query}");
    }
}

#[test]
fn smtps_means_tls_from_the_first_byte_everywhere() {
    let relay = read("smtps://localhost");
    assert_eq!((relay.security, relay.port), (Security::Implicit, 465));
    assert_eq!(read("smtps://mail.example.com:2465/?tls=required").port, 2465);
    assert!(RelayUrl::parse("smtps://mail.example.com?tls=none").is_err());
    assert!(RelayUrl::parse("smtps://mail.example.com?tls=opportunistic").is_err());
}

#[test]
fn every_part_is_read() {
    let relay = read("smtp://key:secret@in-v3.mailjet.com:2525/lyceum.example.com?tls=required");
    assert_eq!(relay.host, "in-v3.mailjet.com");
    assert_eq!(relay.port, 2525);
    assert_eq!(relay.credentials, Some(("key".to_owned(), "secret".to_owned())));
    assert_eq!(relay.hello_name.as_deref(), Some("lyceum.example.com"));
}

#[test]
fn a_password_is_read_as_it_stands_apart_from_escapes() {
    let password = |url: &str| read(url).credentials.map(|(_, password)| password).unwrap_or_default();
    assert_eq!(password("smtp://AKIA:a/b+c=d@email.example.com:587"), "a/b+c=d");
    assert_eq!(password("smtp://user:a@b:c?d#e@mail.example.com"), "a@b:c?d#e");
    assert_eq!(password("smtp://user:p%40s%25%C3%A9@mail.example.com"), "p@s%é");
    assert_eq!(
        read("smtp://user%40example.com:x@h").credentials.map(|(name, _)| name).as_deref(),
        Some("user@example.com")
    );
}

#[test]
fn a_wrong_url_is_refused_and_never_repeated() {
    for url in [
        "",
        "secret",
        "http://secret.example.com",
        "smtp:secret",
        "smtp://",
        "smtp://user:secret@",
        "smtp://secret@mail.example.com",
        "smtp://user:secret@mail.example.com:",
        "smtp://user:secret@mail.example.com:0",
        "smtp://user:secret@mail.example.com:65536",
        "smtp://user:secret@mail.example.com:+25x",
        "smtp://user:secret%@mail.example.com",
        "smtp://user:secret%4@mail.example.com",
        "smtp://user:secret%+1@mail.example.com",
        "smtp://user:secret%é@mail.example.com",
        "smtp://user:secret%FF@mail.example.com",
        "smtp://user:secret@[::1",
        "smtp://user:secret@[mail.example.com]",
        "smtp://user:secret@[::1]25",
        "smtp://user:secret@mail example.com",
        "smtp://user:secret@mail.example.com/a/b",
        "smtp://user:secret@mail.example.com\r\n",
    ] {
        let refused = RelayUrl::parse(url).err();
        assert!(refused.is_some_and(|error| !error.contains("secret")), "{url}");
    }
}
