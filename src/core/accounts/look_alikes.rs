//! Names that pass for those of the people who look after the site. Usernames are ASCII, so what is left to confuse are
//! a few of its characters and their neighbours.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use super::{entity::users, types::Username};
use crate::core::{
    error::{Fault, FaultCode, Result},
    viewer::Role,
};

/// Whether a moderator or an administrator other than `own` has a name that this one could be taken for. The very same
/// name does not count: it is taken.
pub(super) async fn is_like_staff(db: &impl ConnectionTrait, username: &Username, own: Option<Uuid>) -> Result<bool> {
    let key = username.key();
    let seen = silhouette(&key);
    let staff = staff(db).await?;
    Ok(staff.iter().any(|(id, theirs)| Some(*id) != own && *theirs != key && silhouette(theirs) == seen))
}

/// All of those names at once, for who compares many with them.
pub(super) struct Staff(HashMap<String, Vec<String>>);

impl Staff {
    pub(super) async fn find(db: &impl ConnectionTrait) -> Result<Self> {
        let mut all = Self(HashMap::new());
        for (_, key) in staff(db).await? {
            all.add(key);
        }
        Ok(all)
    }

    pub(super) fn add(&mut self, key: String) {
        self.0.entry(silhouette(&key)).or_default().push(key);
    }

    pub(super) fn has_one_like(&self, key: &str) -> bool {
        self.0.get(&silhouette(key)).is_some_and(|theirs| theirs.iter().any(|theirs| theirs != key))
    }
}

async fn staff(db: &impl ConnectionTrait) -> Result<Vec<(Uuid, String)>> {
    let staff = users::Entity::find()
        .select_only()
        .columns([users::Column::Id, users::Column::UsernameKey])
        .filter(users::Column::Role.is_in([Role::Moderator, Role::Admin].map(Role::as_str)));
    Ok(staff.into_tuple().all(db).await?)
}

pub(super) fn like_staff() -> Fault {
    Fault::new(FaultCode::Reserved, "This name looks like that of somebody who looks after this site.")
}

/// The name as a glance sees it: two names with one silhouette could be taken for each other. Underscores go, a digit
/// becomes the letter that it stands for (`0` o, `1` l, `2` z, `3` e, `4` a, `5` s, `7` t, `8` b, `9` g), `i` becomes
/// `l`, for a capital `I` looks like it, and `q` becomes `g`; then `rn` becomes `m`, and `vv` becomes `w`.
fn silhouette(key: &str) -> String {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' | 'i' => 'l',
        '2' => 'z',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        '9' | 'q' => 'g',
        other => other,
    };
    let letters: String = key.chars().filter(|c| *c != '_').map(letter).collect();
    letters.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::silhouette;

    #[test]
    fn what_a_glance_confuses_is_the_same() {
        for (name, other) in [
            ("olivia_mod", "0l1v1a_m0d"),
            ("olivia_mod", "oliviamod"),
            ("olivia", "o_l_i_v_i_a"),
            ("martin", "rnartin"),
            ("martin", "r_nart1n"),
            ("wanda", "vvanda"),
            ("ellis", "e1l1s"),
            ("ellis", "eiils"),
            ("susanne", "5u5anne"),
            ("george", "9eor9e"),
            ("zoe2", "2oez"),
            ("bob", "808"),
        ] {
            assert_eq!(silhouette(name), silhouette(other), "{name} {other}");
        }
    }

    #[test]
    fn what_differs_at_a_glance_differs() {
        for (name, other) in [
            ("martin", "marten"),
            ("anna", "hanna"),
            ("bob", "rob"),
            ("ann1", "ann2"),
            ("user_6", "user_8"),
            ("w", "v"),
        ] {
            assert_ne!(silhouette(name), silhouette(other), "{name} {other}");
        }
    }
}
