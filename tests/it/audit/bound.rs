//! A flood of refused attempts fills neither the table nor the disk.

use std::collections::BTreeSet;

use super::*;

fn guess(address: u8) -> Call {
    mutation(NOBODY, "verifyEmail", &json!({ "token": "x" })).from(address)
}

/// Bar 103: an address that is sent away again and again is noted once a minute, and the next event says how many were
/// left out.
#[tokio::test]
async fn who_is_sent_away_is_noted_once_a_minute() {
    on_each_engine(async |lyceum| {
        let rose = administrator(lyceum).await;
        let throttled = async |address: u8| {
            for _ in 0..30 {
                lyceum.send(guess(address)).await;
            }
        };
        throttled(1).await;
        let count = async |outcome: &str| {
            lyceum.database.number(&format!("SELECT count(*) FROM audit_events WHERE outcome = '{outcome}'")).await
        };
        assert_eq!((count("FAILURE").await, count("THROTTLED").await), (10, 1));
        throttled(2).await;
        assert_eq!((count("FAILURE").await, count("THROTTLED").await), (20, 2));
        lyceum.advance(Duration::from_mins(1));
        throttled(1).await;
        assert_eq!((count("FAILURE").await, count("THROTTLED").await), (30, 3));
        lyceum.advance(Duration::from_mins(1));
        lyceum.send(guess(3)).await;
        let event = events(lyceum, &rose).await.remove(0);
        assert_eq!(
            (told(&event), &event["omittedBefore"]),
            ("VERIFY_EMAIL FAILURE ANONYMOUS -".to_owned(), &json!(19))
        );
    })
    .await;
}

/// Bar 103: so is who asks too often which names are free, or sends too many pictures.
#[tokio::test]
async fn who_asks_too_often_is_noted() {
    with_settings(&[("ACCOUNT_DISCLOSURE", "friendly")], async |lyceum| {
        let rose = administrator(lyceum).await;
        let ada = lyceum.person("ada").await;
        for (address, query) in
            [(1, "{ usernameAvailable(username: \"grace\") }"), (2, "{ emailAvailable(email: \"grace@example.com\") }")]
        {
            for _ in 0..62 {
                lyceum.send(Call::new(query, Value::Null).from(address)).await;
            }
        }
        for _ in 0..22 {
            lyceum.upload(&ada, b"no picture").await;
        }
        lyceum.database.execute("DELETE FROM audit_events WHERE outcome <> 'THROTTLED'").await;
        let noted: Vec<String> = events(lyceum, &rose).await.iter().map(told).collect();
        let mut expected = [
            "UPLOAD_AVATAR THROTTLED ada ada",
            "EMAIL_AVAILABLE THROTTLED ANONYMOUS -",
            "USERNAME_AVAILABLE THROTTLED ANONYMOUS -",
        ];
        expected.sort_unstable();
        assert_eq!(noted.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(), expected);
    })
    .await;
}

/// Bar 103: however many addresses guess, there are a thousand rows at once and ten more a minute; what succeeds is
/// noted all the same.
#[tokio::test]
async fn a_flood_from_everywhere_has_an_end() {
    let lyceum = Lyceum::start(Engine::Sqlite, &[("RATE_LIMITS", "off")]).await;
    let rose = administrator(&lyceum).await;
    for number in 0..1010_u32 {
        lyceum.send(guess(u8::try_from(number % 250).unwrap())).await;
    }
    assert_eq!(lyceum.database.count("audit_events").await, 1000);
    lyceum.log_in("rose", PASSWORD).await.ok();
    assert_eq!(lyceum.database.count("audit_events").await, 1001);
    lyceum.advance(Duration::from_mins(1));
    for number in 0..20 {
        lyceum.send(guess(number)).await;
    }
    assert_eq!(lyceum.database.count("audit_events").await, 1011);
    let omitted = "SELECT SUM(omitted_before) FROM audit_events";
    assert_eq!(lyceum.database.number(omitted).await, 10);
    assert_eq!(newest(&lyceum, &rose).await, "VERIFY_EMAIL FAILURE ANONYMOUS -");
    lyceum.stop().await;
}
