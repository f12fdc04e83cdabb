use super::*;
use crate::core::traces::Sampler;

fn load(settings: &[(&str, &str)]) -> Result<Config, Wrong> {
    // Files of a development start go to a folder of the test's own.
    let folder = std::env::temp_dir().join(format!("lyceum-config-{}", std::process::id()));
    let own = [("DATA_DIR", folder.to_str().unwrap_or("/tmp"))];
    Config::from_source(&Source::of(own.iter().chain(settings).map(|(name, value)| ((*name).into(), (*value).into()))))
}

fn wrong(settings: &[(&str, &str)]) -> String {
    load(settings).err().map(|wrong| wrong.to_string()).unwrap_or_default()
}

const KEY: &str = "Qm9zcG9ydXMtdHdlbHZlLWdyZWVuLXRyYWlucw";
const PEPPER: &str = "d2Fsbm91dC1zZXZlbi1xdWlldC1oYXJib3Vycw";

#[test]
fn no_setting_is_needed_in_development() {
    let config = load(&[]).ok();
    assert_eq!(config.as_ref().map(|config| config.listen.to_string()).as_deref(), Some("127.0.0.1:4000"));
    assert_eq!(config.as_ref().map(|config| config.secrets.generated), Some(true));
}

#[test]
fn every_bad_value_is_told_at_once_with_its_name_and_an_example() {
    let told = wrong(&[("BCRYPT_COST", "abc"), ("SESSION_IDLE", "10"), ("APP_ENV", "prod"), ("LISTEN", "4000")]);
    assert_eq!(told.lines().count(), 4, "{told}");
    assert!(told.contains("BCRYPT_COST: \"abc\" is not a whole number from 4 to 15; for example BCRYPT_COST=12"));
    assert!(told.contains("SESSION_IDLE") && told.contains("APP_ENV") && told.contains("LISTEN"));
}

/// Bar 101.
#[test]
fn production_without_secrets_is_refused_by_their_names() {
    let told = wrong(&[("APP_ENV", "production")]);
    assert!(told.contains("JWT_SECRET is not set") && told.contains("PASSWORD_PEPPER is not set"), "{told}");
    assert!(load(&[("APP_ENV", "production"), ("JWT_SECRET", KEY), ("PASSWORD_PEPPER", PEPPER)]).is_ok());
}

#[test]
fn servers_share_no_sqlite_file() {
    let redis = ("REDIS_URL", "redis://127.0.0.1:6379");
    assert!(wrong(&[redis]).contains("DATABASE_URL"));
    assert!(load(&[redis, ("DATABASE_URL", "postgres://127.0.0.1/lyceum")]).is_ok());
    let told = wrong(&[("REDIS_URL", "http://:canary@127.0.0.1"), ("DATABASE_URL", "postgres://127.0.0.1/lyceum")]);
    assert!(told.contains("REDIS_URL") && !told.contains("canary"), "{told}");
}

/// Bar 101.
#[test]
fn generated_secrets_are_refused_on_an_address_that_others_reach() {
    assert!(wrong(&[("LISTEN", "0.0.0.0:4000")]).contains("LISTEN"));
    assert!(load(&[("LISTEN", "0.0.0.0:4000"), ("JWT_SECRET", KEY), ("PASSWORD_PEPPER", PEPPER)]).is_ok());
}

/// Bar 18.
#[test]
fn a_short_or_well_known_secret_is_refused_and_never_shown() {
    for secret in [
        "fox-27-bytes",
        "change-me-change-me-change-me-change-me",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "12345678901234567890123456789012",
        "abcdefghijklmnopqrstuvwxyz012345",
        "k7Qw2ZpX9vBn4mRtk7Qw2ZpX9vBn4mRt",
    ] {
        let told = wrong(&[("JWT_SECRET", secret)]);
        assert!(told.starts_with("JWT_SECRET: its value") && !told.contains(secret), "{told}");
    }
    assert!(wrong(&[("JWT_SECRET", KEY), ("PASSWORD_PEPPER", KEY)]).contains("are the same"));
}

#[test]
fn a_secret_may_come_from_a_file_but_not_from_both() {
    let file = std::env::temp_dir().join(format!("lyceum-secret-{}", std::process::id()));
    std::fs::write(&file, format!("{KEY}\n")).ok();
    let path = file.to_str().unwrap_or_default();
    let config = load(&[("JWT_SECRET_FILE", path), ("PASSWORD_PEPPER", PEPPER)]).ok();
    assert_eq!(config.map(|config| config.secrets.jwt == Secret::new(KEY)), Some(true));
    assert!(wrong(&[("JWT_SECRET_FILE", path), ("JWT_SECRET", KEY)]).contains("both set"));
    assert!(wrong(&[("JWT_SECRET_FILE", "/nowhere/at/all")]).contains("cannot read"));
}

#[test]
fn a_secret_has_no_debug_that_shows_it() {
    let config = load(&[("SMTP_URL", "smtp://ann:canary-word@mail.example.com"), ("JWT_SECRET", KEY)]).ok();
    let shown = format!("{config:?}");
    assert!(shown.contains("(secret)") && !shown.contains("canary-word") && !shown.contains(KEY));
}

/// What a machine has for other programs counts for nothing as long as no endpoint does.
#[test]
fn traces_go_where_the_standard_settings_say() {
    let sent = |settings: &[(&str, &str)]| load(settings).ok().and_then(|config| config.traces);
    assert!(sent(&[("OTEL_TRACES_SAMPLER", "jaeger_remote"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).is_none());
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
    assert!(sent(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]).is_none());
    let plain = sent(&[endpoint]);
    assert_eq!(plain.as_ref().map(|traces| traces.endpoint.as_str()), Some("http://collector:4318/v1/traces"));
    let all = Sampler { ratio: 1.0, as_parent: true };
    assert_eq!(plain.map(|traces| traces.options.sampler), Some(all));
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://eu.example.com/otlp/traces/");
    let given = sent(&[
        endpoint,
        own,
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-word,x-team=a=b"),
        ("OTEL_SERVICE_NAME", "forum"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging, a=%C3%A9"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
    ]);
    assert!(!format!("{given:?}").contains("canary-word"));
    let Some(Traces { endpoint, headers, options }) = given else { unreachable!("all of it is right") };
    assert_eq!((endpoint.as_str(), options.service.as_deref()), (own.1, Some("forum")));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(headers, [("authorization", "Bearer canary-word"), ("x-team", "a=b")]);
    let attributes = [("deployment.environment.name", "staging"), ("a", "é")];
    assert_eq!(options.attributes, attributes.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(options.sampler, Sampler { ratio: 0.25, as_parent: false });
}

#[test]
fn a_wrong_setting_of_traces_is_told_by_its_name_without_the_secret() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:canary@collector"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "canary"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "key=canary%0Aline"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
    ] {
        let told = wrong(&[endpoint, (name, value)]);
        assert!(told.starts_with(name), "{name}={value}: {told}");
        assert!(!name.ends_with("HEADERS") || !told.contains("canary"), "{told}");
    }
}

#[test]
fn limits_may_be_turned_off_in_development_only() {
    assert!(load(&[("RATE_LIMITS", "off")]).is_ok());
    let production =
        [("APP_ENV", "production"), ("JWT_SECRET", KEY), ("PASSWORD_PEPPER", PEPPER), ("RATE_LIMITS", "off")];
    assert!(wrong(&production).contains("development only"));
}

#[test]
fn durations_urls_and_origins_have_a_form() {
    for (name, value) in [
        ("ACCESS_TOKEN_TTL", "0s"),
        ("ACCESS_TOKEN_TTL", "ten minutes"),
        ("PUBLIC_URL", "api.example.com"),
        ("PUBLIC_URL", "https://user@api.example.com"),
        ("FRONTEND_URL", "javascript:alert(1)"),
        ("ALLOWED_ORIGINS", "https://www.example.com/app"),
        ("DATABASE_URL", "oracle://host/db"),
        ("SMTP_URL", "http://mail.example.com"),
        ("MAIL_FROM", "not an address"),
    ] {
        assert!(wrong(&[(name, value)]).contains(name), "{name}={value}");
    }
}
