use super::*;

const KEY: &str = "Qm9zcG9ydXMtdHdlbHZlLWdyZWVuLXRyYWlucw";

#[test]
fn a_token_that_was_signed_here_is_verified_here() {
    // Also shows that the library has exactly one cryptographic back end: with none, or two, it panics.
    let tokens = AccessTokens::new("http://lyceum.test", Duration::from_mins(10), KEY, None);
    let now = Time(1_700_000_000_000_000);
    let (user, session) = (UserId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
    let named = Named { user, session, good_until: now.plus(Duration::from_secs(606)) };
    let token = tokens.issue(user, session, Uuid::from_u128(3), now).map(|issued| issued.token).unwrap_or_default();
    assert_eq!(tokens.verify(&token, now), Ok(named));
    assert_eq!(tokens.verify(&token, now.plus(Duration::from_secs(605))), Ok(named));
    assert_eq!(tokens.verify(&token, now.plus(Duration::from_secs(606))), Err(AuthFailure::Expired));
}
