//! `lyceum seed`: fills an empty database with an example site, and tells who to log in as.

use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::{
    config::{AppEnv, Config},
    core::seed::{self, Kind, Plan},
};

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// How many users, 3 at least
    #[arg(long, default_value_t = 1_000)]
    users: u32,
    /// How many posts
    #[arg(long, default_value_t = 10_000)]
    posts: u32,
    /// How many comments
    #[arg(long, default_value_t = 50_000)]
    comments: u32,
    /// The same number makes the same rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Even in production, where it lets in whoever knows the password
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(config: &Config, asked: Asked) -> Result<(), Failure> {
    if config.env == AppEnv::Production && !asked.force {
        let text = "this is production, and seeded users have a password that everybody knows; --force seeds it anyway";
        return Err(Failure::Other(text.to_owned()));
    }
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let plan =
        Plan { users: size(asked.users), posts: size(asked.posts), comments: size(asked.comments), seed: asked.seed };
    let core = super::open(config).await?;
    let started = Instant::now();
    let bar = bar([asked.users, asked.posts, asked.comments].map(u64::from).iter().sum());
    let progress = |kind: Kind, rows: usize| {
        bar.set_message(format!("{kind:?}").to_lowercase());
        bar.inc(u64::try_from(rows).unwrap_or(0));
    };
    let seeded = seed::seed(&core, plan, &progress).await;
    bar.finish_and_clear();
    seeded?;
    let Plan { users, posts, comments, .. } = plan;
    let seconds = started.elapsed().as_secs_f64();
    println!("{}: {users} users, {posts} posts and {comments} comments in {seconds:.1} s", core.db.engine());
    println!("  administrator  {}", seed::ADMINISTRATOR);
    println!("  moderator      {}", seed::MODERATOR);
    println!("  user           {}", seed::USER);
    println!("  password       {}   (everybody's)", seed::PASSWORD);
    Ok(core.db.close().await?)
}

/// On standard error, where that is a terminal.
fn bar(rows: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>8} {wide_bar} {pos}/{len} {elapsed}");
    let bar = ProgressBar::new(rows);
    if let Ok(style) = style { bar.with_style(style) } else { bar }
}
