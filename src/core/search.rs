//! Searching: every word of what was typed has to stand in the text somewhere, whatever its case. Words are parts of
//! words too, and any script will do.

use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Func, LikeExpr};

use super::{accounts::users, posts};

/// More words than anybody types only cost time.
const MOST_WORDS: usize = 8;

/// Posts whose title or text has every word.
pub(crate) fn in_posts(typed: &str) -> Condition {
    use posts::entity::{Column, Entity};
    every_word(typed, |pattern| {
        Condition::any()
            .add(like(Expr::col((Entity, Column::TitleKey)), pattern))
            .add(like(Func::lower(Expr::col((Entity, Column::Body))).into(), pattern))
    })
}

/// Users whose username or names have every word; the e-mail address only for who may see it.
pub(crate) fn in_users(typed: &str, with_email: bool) -> Condition {
    use users::{Column, Entity};
    every_word(typed, |pattern| {
        let named = [Column::FirstName, Column::LastName]
            .map(|column| like(Func::lower(Expr::col((Entity, column))).into(), pattern));
        let mut any = Condition::any().add(like(Expr::col((Entity, Column::UsernameKey)), pattern));
        for name in named {
            any = any.add(name);
        }
        any.add_option(with_email.then(|| like(Expr::col((Entity, Column::EmailKey)), pattern)))
    })
}

fn every_word(typed: &str, word: impl Fn(&str) -> Condition) -> Condition {
    let words = typed.split_whitespace().take(MOST_WORDS);
    words.fold(Condition::all(), |all, part| all.add(word(&format!("%{}%", escaped(&part.to_lowercase())))))
}

/// The wildcards of `LIKE` are letters like any other.
fn escaped(word: &str) -> String {
    word.chars().flat_map(|c| matches!(c, '%' | '_' | '!').then_some('!').into_iter().chain([c])).collect()
}

fn like(text: Expr, pattern: &str) -> Expr {
    text.like(LikeExpr::new(pattern).escape('!'))
}
