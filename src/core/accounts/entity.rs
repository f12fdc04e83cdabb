//! The tables of accounts, as sea-orm knows them. No `Model` leaves the core.

pub(crate) mod users {
    use sea_orm::entity::prelude::*;

    use crate::core::clock::Time;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub username: String,
        pub username_key: String,
        pub email: String,
        pub email_key: String,
        pub first_name: String,
        pub last_name: String,
        /// The username and the names, as `search::folded` makes them; never the address.
        pub search_text: String,
        pub role: String,
        pub password_hash: String,
        pub password_scheme: String,
        pub email_verified_at: Option<Time>,
        pub suspended_until: Option<Time>,
        pub suspended_reason: Option<String>,
        pub last_login_at: Option<Time>,
        pub created_at: Time,
        pub updated_at: Time,
        /// The name of the picture, which its addresses carry.
        pub avatar: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod signups {
    use sea_orm::entity::prelude::*;

    use crate::core::clock::Time;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "signups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub username: String,
        pub username_key: String,
        pub email: String,
        pub email_key: String,
        pub first_name: String,
        pub last_name: String,
        pub password_hash: String,
        pub password_scheme: String,
        pub created_at: Time,
        pub expires_at: Time,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod one_time_tokens {
    use sea_orm::entity::prelude::*;

    use crate::core::clock::Time;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "one_time_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub purpose: String,
        pub subject: Option<Uuid>,
        pub email_key: String,
        pub token_digest: String,
        pub code_digest: String,
        pub tries: i32,
        pub created_at: Time,
        pub code_expires_at: Time,
        pub expires_at: Time,
        pub used_at: Option<Time>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod mail_quotas {
    use sea_orm::entity::prelude::*;

    use crate::core::clock::Time;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_quotas")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        /// The kind of mail and the address.
        pub recipient: String,
        pub mails: i32,
        pub last_at: Time,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod email_changes {
    use sea_orm::entity::prelude::*;

    use crate::core::clock::Time;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "email_changes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub old_email: String,
        pub old_verified_at: Option<Time>,
        pub new_email: String,
        pub new_email_key: String,
        pub confirm_digest: String,
        pub cancel_digest: String,
        pub created_at: Time,
        /// Of the link that confirms.
        pub expires_at: Time,
        /// Of the link that stops or undoes it.
        pub cancel_until: Time,
        pub confirmed_at: Option<Time>,
        /// When it was stopped, undone, or replaced by another one.
        pub ended_at: Option<Time>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
