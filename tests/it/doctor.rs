//! `lyceum doctor`: a line for each thing that can be wrong, which says what to do.

use std::{
    fs::{Permissions, set_permissions},
    os::unix::fs::PermissionsExt as _,
};

use crate::{
    harness::*,
    smtp_sink::{Mode, Sink},
};

const LINES: [&str; 10] =
    ["settings", "address", "secrets", "data", "disk", "mail", "database", "clock", "answer", "memory"];

/// The lines that name a fault.
fn faults(finished: &Finished) -> Vec<String> {
    let faults = finished.stdout.lines().filter_map(|line| line.strip_prefix("FAULT ")).map(str::to_owned);
    let faults: Vec<String> = faults.collect();
    let told = format!("lyceum: {} to mend", faults.len());
    let ended = if faults.is_empty() { Some(0) } else { Some(1) };
    assert_eq!((finished.code, finished.stderr.contains(&told)), (ended, !faults.is_empty()), "{finished:?}");
    faults
}

/// The one fault, which is of this name.
fn the_fault(name: &str, finished: &Finished) -> String {
    let faults = faults(finished);
    assert!(faults.len() == 1 && faults[0].starts_with(name), "{finished:?}");
    faults[0].clone()
}

fn opened(home: &Home, name: &str, mode: u32) {
    set_permissions(home.path(name), Permissions::from_mode(mode)).unwrap();
}

/// Bar 101: `lyceum doctor` tells what works, on each engine, and ends with 0 when everything does.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_a_healthy_server_healthy() {
    for engine in Engine::all() {
        let home = Home::new();
        let database = home.database(engine).await;
        let settings = [("DATABASE_URL", &*database.url)];
        for first in [true, false] {
            let finished = tokio::task::block_in_place(|| home.run(&["doctor"], &settings, ""));
            assert!(faults(&finished).is_empty());
            let names = finished.stdout.lines().map(|line| line[6..].split(' ').next().unwrap());
            assert_eq!(names.collect::<Vec<_>>(), LINES, "{finished:?}");
            let told = if first { "migrations to run, which serve does" } else { "up to date" };
            assert!(finished.stdout.contains(told), "{finished:?}");
            assert!(first || finished.stdout.contains("the first answer came"), "{finished:?}");
            let migrated = tokio::task::block_in_place(|| home.run(&["migrate"], &settings, ""));
            assert_eq!(migrated.code, Some(0), "{migrated:?}");
        }
        database.drop().await;
    }
}

/// Bar 101: `lyceum doctor` tells every fault by the setting that mends it, and ends with 1.
#[test]
fn doctor_names_what_is_to_be_mended() {
    let home = Home::new();
    let settings = [
        ("APP_ENV", "production"),
        ("JWT_SECRET", JWT_SECRET),
        ("PASSWORD_PEPPER", PEPPER),
        ("DATABASE_URL", "postgres://lyceum:canary-of-the-database@127.0.0.1:1/lyceum"),
    ];
    let finished = home.run(&["doctor"], &settings, "");
    let faults = faults(&finished);
    for ((name, setting), fault) in
        [("address", "PUBLIC_URL"), ("mail", "SMTP_URL"), ("database", "DATABASE_URL")].iter().zip(&faults)
    {
        assert!(fault.starts_with(name) && fault.contains(setting), "{fault}");
    }
    assert_eq!(faults.len(), 3, "{finished:?}");
    let told = format!("{finished:?}");
    assert!(!told.contains("canary-of-the-database") && !told.contains(JWT_SECRET) && !told.contains(PEPPER));
}

/// The relay is spoken to up to the sign-in, and gets no mail.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_signs_in_at_the_relay() {
    let home = Home::new();
    let sink = Sink::start(Mode::Accept).await.unwrap();
    let url = sink.url.replace("smtp://", "smtp://ann:canary-of-the-relay@");
    let run = || tokio::task::block_in_place(|| home.run(&["doctor"], &[("SMTP_URL", &url)], ""));
    let finished = run();
    assert!(faults(&finished).is_empty());
    assert!(finished.stdout.contains("answers, without TLS, signed in"), "{finished:?}");
    let heard = sink.heard();
    assert!(heard.contains("EHLO") && heard.contains("AUTH") && !heard.contains("MAIL FROM"), "{heard}");
    sink.set_mode(Mode::RefuseSignIn(535));
    let finished = run();
    assert!(the_fault("mail", &finished).contains("refused the sign-in: 535"), "{finished:?}");
    assert!(!format!("{finished:?}").contains("canary-of-the-relay"));
}

/// A database that a newer version has changed is told as such, and one that is away by its setting.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_knows_a_newer_database() {
    for engine in Engine::all() {
        let home = Home::new();
        let database = home.database(engine).await;
        let settings = [("DATABASE_URL", &*database.url)];
        let run = |command: &str| tokio::task::block_in_place(|| home.run(&[command], &settings, ""));
        assert_eq!(run("migrate").code, Some(0));
        database
            .execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 1)")
            .await;
        let fault = the_fault("database", &run("doctor"));
        assert!(fault.contains("newer version") && fault.contains("m29990101_000001_later"), "{fault}");
        database.drop().await;
    }
}

/// The database's clock is asked. On PostgreSQL it can be made a wrong one for a database.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_compares_clocks() {
    for engine in Engine::all().into_iter().filter(|engine| *engine != Engine::Sqlite) {
        let home = Home::new();
        let database = home.database(engine).await;
        let settings = [("DATABASE_URL", &*database.url)];
        let run = || tokio::task::block_in_place(|| home.run(&["doctor"], &settings, ""));
        let finished = run();
        assert!(
            faults(&finished).is_empty() && finished.stdout.contains("ms apart from the database's"),
            "{finished:?}"
        );
        if engine == Engine::Postgres {
            let wrong = "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
                AS $$ SELECT pg_catalog.clock_timestamp() - interval '1 minute' $$";
            database.execute(wrong).await;
            let name = database.text("SELECT current_database()::text").await;
            database.execute(&format!("ALTER DATABASE {name} SET search_path = public, pg_catalog")).await;
            let fault = the_fault("clock", &run());
            assert!(fault.contains("60 s apart") && fault.contains("NTP"), "{fault}");
        }
        database.drop().await;
    }
}

/// What others on the machine could read is told with the command that closes it: the data, and files with secrets.
#[test]
fn doctor_tells_what_is_open_to_others() {
    let home = Home::new();
    std::fs::write(home.path("pepper"), PEPPER).unwrap();
    opened(&home, "pepper", 0o640);
    let settings = [("PASSWORD_PEPPER_FILE", "pepper")];
    let run = || home.run(&["doctor"], &settings, "");
    let finished = run();
    assert!(faults(&finished).is_empty() && finished.stdout.contains("2 files, closed to others"), "{finished:?}");
    opened(&home, "pepper", 0o644);
    let fault = the_fault("secrets", &run());
    assert!(fault.contains("chmod o= pepper") && !fault.contains("jwt"), "{fault}");
    opened(&home, "pepper", 0o600);
    opened(&home, "data", 0o755);
    assert!(the_fault("data", &run()).contains("chmod o= data"));
    opened(&home, "data", 0o700);
    std::fs::write(home.path(".env"), format!("JWT_SECRET={JWT_SECRET}\n")).unwrap();
    opened(&home, ".env", 0o644);
    assert!(the_fault("secrets", &run()).contains("chmod o= .env"));
    // The environment is above it, so nothing is read from there.
    let settings = [("PASSWORD_PEPPER_FILE", "pepper"), ("JWT_SECRET", JWT_SECRET)];
    assert!(faults(&home.run(&["doctor"], &settings, "")).is_empty());
    std::fs::write(home.path("plain"), "").unwrap();
    let settings = [&settings[..], &[("DATA_DIR", "plain"), ("DATABASE_URL", "sqlite://data/lyceum.db")]].concat();
    assert!(faults(&home.run(&["doctor"], &settings, ""))[0].contains("plain is no folder; check DATA_DIR"));
}

/// A disk that is nearly full is told before it is full. `df` is one that says so.
#[test]
fn doctor_tells_how_much_room_there_is() {
    let home = Home::new();
    for (kib, is_well) in [("2097152", true), ("1048575", false)] {
        let script = format!("#!/bin/sh\necho Filesystem\necho /dev/disk 9 9 {kib} 1% /\n");
        std::fs::write(home.path("df"), script).unwrap();
        opened(&home, "df", 0o755);
        let finished = home.run(&["doctor"], &[("PATH", home.path("").to_str().unwrap())], "");
        if is_well {
            assert!(faults(&finished).is_empty() && finished.stdout.contains("2 GiB free"), "{finished:?}");
        } else {
            assert!(the_fault("disk", &finished).contains("1023 MiB free"), "{finished:?}");
        }
    }
}

/// Bar 104: every secret may come from a file; then none is in the process's arguments or its environment, where others may
/// look, and `lyceum doctor` shows none.
#[test]
fn secrets_from_files_are_seen_nowhere() {
    let home = Home::new();
    let previous = "cHJldmlvdXMta2V5LW9mLXRoaXMtdGVzdC1hYmM";
    let files = [
        ("JWT_SECRET", JWT_SECRET),
        ("JWT_SECRET_PREVIOUS", previous),
        ("PASSWORD_PEPPER", PEPPER),
        ("DATABASE_URL", "sqlite://canary-of-the-database.db?mode=rwc"),
        ("SMTP_URL", "smtp://ann:canary-of-the-relay@127.0.0.1:1"),
    ];
    let mut settings = vec![("APP_ENV".to_owned(), "production".to_owned())];
    for (name, value) in files {
        std::fs::write(home.path(name), format!("{value}\n")).unwrap();
        opened(&home, name, 0o600);
        settings.push((format!("{name}_FILE"), name.to_owned()));
    }
    let mut settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (&**name, &**value)).collect();
    settings.push(("BCRYPT_COST", "10"));
    let hidden = |text: &str| files.iter().all(|(_, value)| !text.contains(value)) && !text.contains("canary");
    let server = home.serve(&settings);
    assert!(home.path("canary-of-the-database.db").exists(), "it was read");
    for name in ["cmdline", "environ"] {
        let seen =
            String::from_utf8_lossy(&std::fs::read(format!("/proc/{}/{name}", server.id())).unwrap()).into_owned();
        assert!(seen.contains("lyceum") || seen.contains("JWT_SECRET_FILE"), "{seen}");
        assert!(hidden(&seen), "{seen}");
    }
    let finished = home.run(&["doctor"], &settings, "");
    assert!(finished.stdout.contains("5 files, closed to others"), "{finished:?}");
    assert!(hidden(&format!("{finished:?}")) && hidden(&format!("{:?}", server.stop())), "{finished:?}");
    for (name, _) in files {
        let finished = home.run(&["doctor"], &[&settings[..], &[(name, "both")]].concat(), "");
        assert!(finished.stderr.contains(&format!("{name} and {name}_FILE are both set")), "{finished:?}");
    }
}
