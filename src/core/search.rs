//! Searching: every word of what was typed has to stand in the text somewhere, as a part of a longer word too, in any
//! script and whatever its case.
//!
//! Rows carry their text in a form that is made here, so that every engine only compares it letter by letter, and all
//! find the same. An index of trigrams, where the engine has one, narrows down which rows are compared; it never
//! decides. What was typed is a value of the statement and nothing else.

use std::iter;

use sea_orm::{
    DbBackend, EntityTrait,
    sea_query::{
        Alias, Condition, Expr, ExprTrait as _, LikeExpr, Query, SelectStatement, extension::sqlite::SqliteExpr as _,
    },
};
use unicode_normalization::UnicodeNormalization as _;

use super::{accounts::users, db::Db, error::Result, page, posts};

/// More words than anybody types only cost time.
const MOST_WORDS: usize = 8;
/// What is typed beyond this is not looked at. SQLite takes no pattern over 50,000 bytes, and one letter may become
/// eighteen.
const MOST_CHARS: usize = 500;
/// So many trigrams of a word are asked of the index.
const MOST_TRIGRAMS: usize = 16;
/// With more candidates than that, reading rows in their order comes to a full page sooner than the index does.
const MOST_CANDIDATES: u64 = 10_000;

/// The form of a text that is searched: NFKC, without regard to case, any white space one space.
///
/// Through upper case and back is how letters meet that are one in another case only: `ß` and `SS`, `ς` and `σ`. The dot
/// of `İ` goes, so that all four letters `i` of Turkish are one, as they have to be for whoever has no Turkish keys.
/// What cannot be seen inside a word goes too.
pub(crate) fn folded<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut all = String::new();
    for text in texts {
        let seen = text.nfkc().filter(|c| !is_hidden(*c));
        let upper = seen.flat_map(char::to_lowercase).flat_map(char::to_uppercase);
        let plain: String = upper.flat_map(char::to_lowercase).nfkc().collect();
        for word in plain.replace("i\u{307}", "i").split_whitespace() {
            if !all.is_empty() {
                all.push(' ');
            }
            all.push_str(word);
        }
    }
    all
}

/// Soft hyphens, joiners and other marks without a width, and variation selectors.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Posts under this rule whose title or text has every word.
pub(crate) async fn in_posts(db: &Db, typed: &str, rule: Condition) -> Result<Condition> {
    use posts::entity::{Column, Entity};
    containing::<Entity>(db, &[Column::SearchText], typed, rule).await
}

/// Users under this rule whose username or names have every word; the e-mail address only for who may see it.
pub(crate) async fn in_users(db: &Db, typed: &str, with_email: bool, rule: Condition) -> Result<Condition> {
    use users::{Column, Entity};
    let columns = [Column::SearchText, Column::EmailKey];
    containing::<Entity>(db, if with_email { &columns } else { &columns[..1] }, typed, rule).await
}

/// Rows of a table under a rule that have every word in one of the columns.
async fn containing<E: EntityTrait>(db: &Db, columns: &[E::Column], typed: &str, rule: Condition) -> Result<Condition> {
    let typed: String = typed.trim_start().chars().take(MOST_CHARS).collect();
    // No text has control characters, and PostgreSQL cannot even be asked about NUL.
    if typed.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return Ok(Condition::all().add(Expr::value(1).eq(0)));
    }
    let typed = folded([&*typed]);
    let words: Vec<&str> = typed.split(' ').filter(|word| !word.is_empty()).take(MOST_WORDS).collect();
    let mut every = Condition::all();
    for word in &words {
        let pattern = format!("%{}%", escaped(word));
        let has = |column: &E::Column| Expr::col((E::default(), *column)).like(LikeExpr::new(&*pattern).escape('!'));
        every = every.add(columns.iter().map(has).fold(Condition::any(), Condition::add));
    }
    if db.search().get_database_backend() == DbBackend::Sqlite
        && let Some(candidates) = Candidates::of(E::default().table_name(), &words)
        && candidates.are_few(db).await?
    {
        // Denied twice, the rule is as it was; but SQLite begins with the candidates and not with an index of its own.
        return Ok(Condition::all().add(candidates.condition()).add(every).add(Expr::from(rule).not().not()));
    }
    Ok(every.add(rule))
}

/// The wildcards of `LIKE` are letters like any other.
fn escaped(word: &str) -> String {
    word.chars().flat_map(|c| matches!(c, '%' | '_' | '!').then_some('!').into_iter().chain([c])).collect()
}

/// What SQLite's index of trigrams leaves over: every row that can have all words, and some that have not. PostgreSQL
/// finds and weighs its index by itself; MySQL has none that would find parts of words.
struct Candidates {
    table: &'static str,
    /// The trigrams as strings of an FTS5 query, which has no other syntax in it.
    query: String,
}

impl Candidates {
    /// None for words that have no trigram.
    fn of(table: &'static str, words: &[&str]) -> Option<Self> {
        let quoted: Vec<String> =
            words.iter().flat_map(|word| trigrams(word)).map(|trigram| quoted(&trigram)).collect();
        (!quoted.is_empty()).then(|| Self { table, query: quoted.join(" ") })
    }

    async fn are_few(&self, db: &Db) -> Result<bool> {
        let some = self.rows().limit(MOST_CANDIDATES + 1).take();
        let count = Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(some, Alias::new("some")).take();
        Ok(page::count(db.search(), &count).await? <= MOST_CANDIDATES)
    }

    fn condition(&self) -> Expr {
        Expr::col((Alias::new(self.table), Alias::new("number"))).in_subquery(self.rows())
    }

    fn rows(&self) -> SelectStatement {
        let index = Alias::new(format!("{}_trigrams", self.table));
        let matching = Expr::col(index.clone()).matches(self.query.as_str());
        Query::select().column(Alias::new("rowid")).from(index).and_where(matching).take()
    }
}

fn trigrams(word: &str) -> impl Iterator<Item = String> {
    let starts = word.char_indices().map(|(start, _)| start);
    let ends = word.char_indices().map(|(start, _)| start).chain(iter::once(word.len())).skip(3);
    starts.zip(ends).map(|(start, end)| word[start..end].to_owned()).take(MOST_TRIGRAMS)
}

fn quoted(trigram: &str) -> String {
    format!("\"{}\"", trigram.replace('"', "\"\""))
}
