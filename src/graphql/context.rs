//! The only place that asks the context for its data.

use std::sync::Arc;

use async_graphql::ContextBase;

use super::{cookie::SessionCookie, loaders::Loaders};
use crate::core::{Core, Error, Origin, Result, viewer::Viewer};

pub(super) trait ContextExt<'a> {
    fn core(&self) -> Result<&'a Arc<Core>>;
    fn viewer(&self) -> Result<&'a Viewer>;
    fn origin(&self) -> Result<&'a Origin>;
    fn loaders(&self) -> Result<&'a Loaders>;
    fn file(&self) -> Result<&'a Arc<[u8]>>;
    fn cookie(&self) -> Result<&'a SessionCookie>;
}

impl<'a, T> ContextExt<'a> for ContextBase<'a, T> {
    fn core(&self) -> Result<&'a Arc<Core>> {
        self.data_opt().ok_or_else(|| Error::internal("the context holds no core"))
    }

    fn viewer(&self) -> Result<&'a Viewer> {
        self.data_opt().ok_or_else(|| Error::internal("the context holds no viewer"))
    }

    fn origin(&self) -> Result<&'a Origin> {
        self.data_opt().ok_or_else(|| Error::internal("the context holds no origin"))
    }

    fn loaders(&self) -> Result<&'a Loaders> {
        self.data_opt().ok_or_else(|| Error::internal("the context holds no loaders"))
    }

    fn file(&self) -> Result<&'a Arc<[u8]>> {
        self.data_opt().ok_or_else(|| Error::internal("the context holds no file"))
    }

    fn cookie(&self) -> Result<&'a SessionCookie> {
        let cookie: Option<&Arc<SessionCookie>> = self.data_opt();
        cookie.map(AsRef::as_ref).ok_or_else(|| Error::internal("the context holds no cookie"))
    }
}
