//! The dashboard: a person's own numbers, and the site's for administrators.

use async_graphql::{Context, Object, SimpleObject};

use super::{
    comments::Comment,
    context::ContextExt as _,
    cost::cost,
    payload::{Guarded, guarded},
    scalars::DateTime,
    straight::Shown,
};
use crate::core::dashboard::{self, Counts};

/// How many comments the dashboard shows.
const LATEST: u64 = 10;

/// The viewer's numbers.
pub(super) struct Dashboard(Counts);

/// Your posts by status.
#[derive(SimpleObject)]
struct PostCounts {
    /// Drafts.
    draft: u64,
    /// Published posts.
    published: u64,
}

/// The site's totals.
#[derive(SimpleObject)]
struct SiteTotals {
    /// Users.
    users: u64,
    /// Posts, drafts among them.
    posts: u64,
    /// Comments.
    comments: u64,
}

/// How many users a day brought.
#[derive(SimpleObject)]
struct SignupsOfDay {
    /// The beginning of the day in UTC.
    day: DateTime,
    /// How many accounts were made.
    count: u64,
}

/// Your numbers, and for administrators the site's.
#[Object]
impl Dashboard {
    /// Your posts by status.
    async fn posts(&self) -> PostCounts {
        PostCounts { draft: self.0.drafts, published: self.0.published }
    }

    /// Comments that you wrote.
    async fn comments_written(&self) -> u64 {
        self.0.comments_written
    }

    /// Comments on your posts.
    async fn comments_received(&self) -> u64 {
        self.0.comments_received
    }

    /// Your sessions that are open.
    async fn active_sessions(&self) -> u64 {
        self.0.active_sessions
    }

    /// The newest comments on your posts, ten at most.
    async fn latest_comments(&self, ctx: &Context<'_>) -> Guarded<Vec<Shown<Comment>>> {
        let found = async { dashboard::latest_comments(ctx.core()?, ctx.viewer()?, LATEST).await };
        guarded(found.await.map(|rows| Some(rows.into_iter().map(|row| Comment::new(row).into()).collect())))
    }

    /// The site's totals. Only for administrators.
    async fn site(&self, ctx: &Context<'_>) -> Guarded<SiteTotals> {
        let found = async { dashboard::totals(ctx.core()?, ctx.viewer()?).await };
        guarded(
            found
                .await
                .map(|totals| Some(SiteTotals { users: totals.users, posts: totals.posts, comments: totals.comments })),
        )
    }

    /// Sign-ups of each of the last 30 days, the oldest first. Only for administrators.
    async fn signups_per_day(&self, ctx: &Context<'_>) -> Guarded<Vec<SignupsOfDay>> {
        let found = async { dashboard::signups_per_day(ctx.core()?, ctx.viewer()?).await };
        guarded(found.await.map(|days| {
            Some(days.into_iter().map(|day| SignupsOfDay { day: day.start.into(), count: day.signups }).collect())
        }))
    }
}

#[derive(Default)]
pub struct DashboardQueries;

#[Object]
impl DashboardQueries {
    /// Your numbers. Only for who is signed in.
    #[graphql(directive = cost::apply("20".to_owned()))]
    async fn dashboard(&self, ctx: &Context<'_>) -> Guarded<Dashboard> {
        let found = async { dashboard::counts(ctx.core()?, ctx.viewer()?).await };
        guarded(found.await.map(|counts| Some(Dashboard(counts))))
    }
}
