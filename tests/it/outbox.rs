//! Mails between their cause and the relay: nobody waits for one, none is lost or sent twice while the relay is
//! away, and what waits is sealed.

use std::time::Duration;

use lyceum::{
    app::App,
    core::mail::{self, Sent, transport::Transport},
};
use mail_parser::MessageParser;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    harness::*,
    smtp_sink::{Mode, Received, Sink},
};

const ADA: &str = "ada@example.com";
const SOON: Duration = Duration::from_millis(300);
/// Longer than any test: a relay that hangs, hangs until it is left.
const NEVER: Duration = Duration::from_hours(1);

/// A server on the story's database that mails through a relay which behaves like this.
async fn through_a_relay(mode: Mode, patience: Duration, story: impl AsyncFn(&Lyceum, &App, &Sink)) {
    with_settings(&[("RATE_LIMITS", "off")], async |lyceum| {
        let sink = Sink::start(mode).await.unwrap();
        let app = lyceum.mailing_by(&Transport::smtp_within(&sink.url, patience).unwrap()).await;
        story(lyceum, &app, &sink).await;
        close(app).await;
    })
    .await;
}

async fn sign_up(app: &App, username: &str) -> Answer {
    let new = json!({ "username": username, "email": email_of(username), "password": PASSWORD });
    send(app, Call::new(SIGNUP, new).into_request()).await.ok()
}

async fn forgot(app: &App, email: &str) -> Answer {
    send(app, Call::new(FORGOT, json!({ "email": email })).into_request()).await.ok()
}

async fn deliver(app: &App) -> Sent {
    mail::deliver_due(&app.core).await.unwrap()
}

fn round(sent: u32, failed: u32, dropped: u32) -> Sent {
    Sent { sent, failed, dropped }
}

fn message_id(mail: &Received) -> String {
    MessageParser::default().parse(&mail.data).unwrap().message_id().unwrap().to_owned()
}

fn text(mail: &Received) -> String {
    MessageParser::default().parse(&mail.data).unwrap().body_text(0).unwrap().into_owned()
}

/// The bodies of all rows, as they are stored.
async fn bodies(lyceum: &Lyceum) -> Vec<Vec<u8>> {
    let connection = lyceum.database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), "SELECT body FROM outbox ORDER BY id");
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn count(lyceum: &Lyceum, what: &str) -> i64 {
    lyceum.database.number(&format!("SELECT COUNT(*) FROM outbox WHERE {what}")).await
}

/// Gives the worker time to do something, within bounds.
async fn until(done: impl Fn() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen");
}

/// Bar 93: while the relay hangs, sign-ups and forgotten passwords get their usual answers at once; the mails wait,
/// and leave when a server that was ended in the middle of sending is followed by another.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_relay_that_hangs() {
    through_a_relay(Mode::Hang, NEVER, async |lyceum, app, sink| {
        lyceum.verified("ada").await;
        let usual = [lyceum.sign_up("bob").await.seen(), lyceum.run(FORGOT, json!({ "email": ADA })).await.seen()];
        let before = lyceum.mails().await.len();
        let worker = tokio::spawn(mail::run((*app.core).clone()));
        let signed_up = sign_up(app, "eve").await;
        until(|| sink.connections() > 0).await;
        assert_eq!(signed_up.text().replace("eve", "bob"), usual[0].2);
        assert_eq!(forgot(app, ADA).await.seen(), usual[1]);
        assert_eq!(count(lyceum, "sent_at IS NULL AND failed_at IS NULL").await, 2);
        worker.abort();
        let _ = worker.await;

        sink.set_mode(Mode::Accept);
        assert_eq!(deliver(app).await, round(1, 0, 0), "one of them is still held by the server that ended");
        lyceum.advance(Duration::from_mins(1));
        assert_eq!(deliver(app).await, round(1, 0, 0));
        let mut to: Vec<String> = sink.received().into_iter().flat_map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, [ADA, "eve@example.com"]);
        assert_eq!(lyceum.mails().await.len(), before);
    })
    .await;
}

/// Bar 93: the worker sends what is posted as soon as its cause is committed.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_leaves_as_soon_as_it_is_written() {
    through_a_relay(Mode::Accept, NEVER, async |lyceum, app, sink| {
        let worker = tokio::spawn(mail::run((*app.core).clone()));
        for (sent, username) in (1..).zip(["ada", "bob"]) {
            sign_up(app, username).await;
            until(|| sink.received().len() == sent).await;
        }
        worker.abort();
        let _ = worker.await;
        assert_eq!(lyceum.mails().await.len(), 0);
    })
    .await;
}

/// Bar 93: whatever was wrong with the relay, the mail is delivered after its recovery, once and with a link that
/// works.
#[tokio::test]
async fn a_mail_is_delivered_once_the_relay_recovers() {
    for mode in [Mode::Hang, Mode::Refuse(451), Mode::Refuse(550)] {
        through_a_relay(mode, SOON, async |lyceum, app, sink| {
            sign_up(app, "ada").await;
            assert_eq!(deliver(app).await, round(0, 1, 0), "{mode:?}");
            sink.set_mode(Mode::Accept);
            lyceum.advance(Duration::from_secs(59));
            assert_eq!(deliver(app).await, round(0, 0, 0), "{mode:?}");
            lyceum.advance(Duration::from_secs(12));
            assert_eq!(deliver(app).await, round(1, 0, 0), "{mode:?}");
            lyceum.advance(Duration::from_hours(5));
            assert_eq!(deliver(app).await, round(0, 0, 0), "{mode:?}");
            let received = sink.received();
            assert_eq!(received.len(), 1, "{mode:?}");
            assert_eq!(received[0].to, [ADA]);
            let token = token_in(&text(&received[0]));
            lyceum.run(VERIFY, json!({ "token": token })).await.ok();
        })
        .await;
    }
}

/// Bar 93: nor is a mail lost to a relay whose port is closed.
#[tokio::test]
async fn a_mail_outlives_a_relay_that_refuses_connections() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    through_a_relay(Mode::Accept, SOON, async |lyceum, app, sink| {
        let down = lyceum.mailing_by(&Transport::smtp_within(&format!("smtp://{closed}"), SOON).unwrap()).await;
        sign_up(&down, "ada").await;
        assert_eq!(deliver(&down).await, round(0, 1, 0));
        close(down).await;
        lyceum.advance(Duration::from_secs(71));
        assert_eq!(deliver(app).await, round(1, 0, 0));
        assert_eq!(sink.received()[0].to, [ADA]);
    })
    .await;
}

/// Bar 93: pauses of 1, 2, 4 … minutes, each with at most eleven seconds more; after eight tries the mail is given
/// up, with the reason and without its body.
#[tokio::test]
async fn pauses_double_until_a_mail_is_given_up() {
    through_a_relay(Mode::Refuse(451), SOON, async |lyceum, app, sink| {
        sign_up(app, "ada").await;
        let mut pauses = Vec::new();
        for tries in 1..=7 {
            assert_eq!(deliver(app).await, round(0, 1, 0));
            assert_eq!(lyceum.database.number("SELECT tries FROM outbox").await, tries);
            let next = lyceum.database.number("SELECT next_try_at FROM outbox").await;
            let pause = Duration::from_micros(u64::try_from(next - app.core.clock.now().0).unwrap());
            pauses.push(pause);
            lyceum.advance(pause.saturating_sub(Duration::from_micros(1)));
            assert_eq!(deliver(app).await, round(0, 0, 0));
            lyceum.advance(Duration::from_micros(1));
        }
        for (minutes, pause) in [1, 2, 4, 8, 16, 32, 64].into_iter().zip(&pauses) {
            let least = Duration::from_mins(minutes);
            assert!(least <= *pause && *pause <= least + Duration::from_secs(11), "{pauses:?}");
        }
        let own = |pause: &Duration| pause.as_millis() % 60_000;
        assert!(pauses.iter().any(|pause| own(pause) != own(&pauses[0])), "mails that failed together part ways");

        assert_eq!(deliver(app).await, round(0, 1, 0));
        assert_eq!(count(lyceum, "failed_at IS NOT NULL AND next_try_at IS NULL AND sent_at IS NULL").await, 1);
        assert_eq!(bodies(lyceum).await, [Vec::<u8>::new()]);
        assert!(lyceum.database.text("SELECT last_error FROM outbox").await.starts_with("451"));
        sink.set_mode(Mode::Accept);
        lyceum.advance(Duration::from_hours(24));
        assert_eq!(deliver(app).await, round(0, 0, 0));
        assert_eq!(sink.received().len(), 0);
    })
    .await;
}

/// Bar 93: a mail whose link has expired is not sent any more, and its body goes.
#[tokio::test]
async fn an_expired_link_is_not_sent() {
    through_a_relay(Mode::Refuse(451), SOON, async |lyceum, app, sink| {
        lyceum.verified("ada").await;
        forgot(app, ADA).await;
        assert_eq!(deliver(app).await, round(0, 1, 0));
        sink.set_mode(Mode::Accept);
        lyceum.advance(Duration::from_mins(30));
        assert_eq!(deliver(app).await, round(0, 0, 1));
        assert_eq!(sink.received().len(), 0);
        assert_eq!(count(lyceum, "failed_at IS NOT NULL AND next_try_at IS NULL").await, 1);
        assert!(bodies(lyceum).await.iter().all(Vec::is_empty));
    })
    .await;
}

/// Bar 93: a mail whose answer was lost is sent again as the same one, so that the reader's side can tell.
#[tokio::test]
async fn a_lost_answer_makes_one_duplicate_of_the_same_name() {
    for mode in [Mode::HangAfterData, Mode::DropAfterData] {
        through_a_relay(mode, SOON, async |lyceum, app, sink| {
            sign_up(app, "ada").await;
            assert_eq!(deliver(app).await, round(0, 1, 0));
            sink.set_mode(Mode::Accept);
            lyceum.advance(Duration::from_secs(71));
            assert_eq!(deliver(app).await, round(1, 0, 0));
            let received = sink.received();
            assert_eq!(received.len(), 2);
            assert_eq!(message_id(&received[0]), message_id(&received[1]));
            assert_eq!(received[0].data, received[1].data);
        })
        .await;
    }
}

/// Bars 93 and 102: what waits is sealed, so that no row shows a link, a code or a name; once the mail is sent the
/// body is empty.
#[tokio::test]
async fn a_waiting_mail_shows_nothing_and_a_sent_one_is_empty() {
    through_a_relay(Mode::Accept, SOON, async |lyceum, app, sink| {
        sign_up(app, "ada").await;
        let sealed = bodies(lyceum).await.remove(0);
        assert_eq!(deliver(app).await, round(1, 0, 0));
        let mail = text(&sink.received()[0]);
        for secret in [token_in(&mail), code_in(&mail), "token=".to_owned(), "Hello".to_owned()] {
            assert!(mail.contains(&secret));
            assert!(!sealed.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
        }
        assert!(sealed.len() > mail.len());
        assert_eq!(bodies(lyceum).await, [Vec::<u8>::new()]);
        assert_eq!(count(lyceum, "sent_at IS NOT NULL AND next_try_at IS NULL").await, 1);
    })
    .await;
}

/// Bar 93: a waiting mail cannot be turned to another address by whoever can write to the database.
#[tokio::test]
async fn a_waiting_mail_goes_to_nobody_else() {
    through_a_relay(Mode::Accept, SOON, async |lyceum, app, sink| {
        sign_up(app, "ada").await;
        lyceum.database.execute("UPDATE outbox SET recipient = 'eve@example.com'").await;
        assert_eq!(deliver(app).await, round(0, 1, 0));
        assert_eq!(sink.received().len(), 0);
        lyceum.database.execute("UPDATE outbox SET recipient = 'ada@example.com'").await;
        lyceum.advance(Duration::from_secs(71));
        assert_eq!(deliver(app).await, round(1, 0, 0));
    })
    .await;
}

/// Bar 93: two servers that deliver at the same moment send each mail once between them.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_send_each_mail_once() {
    through_a_relay(Mode::Accept, NEVER, async |lyceum, app, sink| {
        let other = lyceum.mailing_by(&Transport::smtp_within(&sink.url, NEVER).unwrap()).await;
        for number in 0..30 {
            sign_up(app, &format!("user{number}")).await;
        }
        let mut sent = [0, 0];
        for _ in 0..2 {
            let (one, two) = tokio::join!(deliver(app), deliver(&other));
            assert_eq!((one.failed, two.failed), (0, 0));
            sent = [sent[0] + one.sent, sent[1] + two.sent];
        }
        close(other).await;
        eprintln!("sent {sent:?}");
        assert_eq!(sent[0] + sent[1], 30);
        let mut names: Vec<String> = sink.received().iter().map(message_id).collect();
        names.sort();
        names.dedup();
        assert_eq!((sink.received().len(), names.len()), (30, 30));
    })
    .await;
}
