//! Documents that are named in place of being sent: by the SHA-256 digest of their text (automatic persisted queries), or
//! by an id of a manifest that the operator trusts. Where only that manifest is trusted, no other text is taken.
//!
//! Whatever the name, the text passes the same gate as any other. Registered texts are kept in bounded memory: a client
//! whose text has gone is told so, and sends it again.

use std::{collections::HashMap, path::Path, sync::Arc};

use quick_cache::{Weighter, sync::Cache};

use super::{
    body::Params,
    document::{Documents, Refusal},
};
use crate::{core::crypto::digest_of, graphql::Code};

const REGISTERED: usize = 1_000;
const REGISTERED_BYTES: u64 = 4 * 1024 * 1024;
/// What client programs look for, to the letter.
const NOT_FOUND: &str = "PersistedQueryNotFound";

/// Documents that the operator trusts, by their ids.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    manifest: HashMap<String, Arc<str>>,
    /// Whether no document is taken but these.
    only: bool,
}

pub(super) struct Persisted {
    trusted: Trusted,
    registered: Cache<String, Arc<str>, ByLength>,
}

/// The text that a request means.
pub(super) struct Meant {
    pub text: Arc<str>,
    /// The digest to register it by, once it has passed.
    new: Option<String>,
}

impl Trusted {
    /// Reads a manifest, a JSON object from ids to documents, as the codegen client preset writes it.
    pub fn read(path: &Path, only: bool) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let documents: HashMap<String, String> = serde_json::from_str(&text)
            .map_err(|error| format!("not a JSON object from ids to documents (line {})", error.line()))?;
        Ok(Self { manifest: documents.into_iter().map(|(id, text)| (id, text.into())).collect(), only })
    }
}

impl Persisted {
    pub(super) fn new(trusted: Trusted) -> Self {
        Self { trusted, registered: Cache::with_weighter(REGISTERED, REGISTERED_BYTES, ByLength) }
    }

    /// The first document of the manifest that its own server would refuse, and why.
    pub(super) fn fault(&self, documents: &Documents) -> Option<String> {
        let refused = |(id, text): (&String, &Arc<str>)| {
            documents.prepare(text).err().map(|refusal| format!("the document {id:?} is refused: {}", refusal.message))
        };
        self.trusted.manifest.iter().find_map(refused)
    }

    pub(super) fn meant(&self, params: &Params) -> Result<Meant, Refusal> {
        match (&params.document_id, &params.query) {
            (Some(id), _) if self.trusted.manifest.contains_key(plain(id)) => self.named(plain(id)),
            (_, Some(_)) if self.trusted.only => {
                let message = "Only the documents of this site's manifest are accepted: send `documentId`.";
                Err(Refusal::new(Code::BadUserInput, message.to_owned()))
            }
            (Some(id), Some(text)) => {
                if digest_of(text) != plain(id) {
                    let message = "The digest is not that of the query: send its SHA-256 in lower-case hexadecimal.";
                    return Err(Refusal::new(Code::BadUserInput, message.to_owned()));
                }
                Ok(Meant { text: text.as_str().into(), new: Some(plain(id).to_owned()) })
            }
            (Some(id), None) => self.named(plain(id)),
            (None, Some(text)) => Ok(Meant { text: text.as_str().into(), new: None }),
            (None, None) => Err(Refusal::new(Code::BadUserInput, "`query` is missing.".to_owned())),
        }
    }

    fn named(&self, id: &str) -> Result<Meant, Refusal> {
        let text = self.trusted.manifest.get(id).cloned().or_else(|| self.registered.get(id));
        let not_found = || Refusal::new(Code::PersistedQueryNotFound, NOT_FOUND.to_owned());
        text.map(|text| Meant { text, new: None }).ok_or_else(not_found)
    }

    /// Remembers a text that was accepted.
    pub(super) fn keep(&self, meant: Meant) {
        if let Some(digest) = meant.new {
            self.registered.insert(digest, meant.text);
        }
    }
}

/// Ids may name their algorithm, as the persisted documents of GraphQL over HTTP do.
fn plain(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

#[derive(Clone)]
struct ByLength;

impl Weighter<String, Arc<str>> for ByLength {
    fn weight(&self, digest: &String, text: &Arc<str>) -> u64 {
        u64::try_from(digest.len() + text.len()).unwrap_or(u64::MAX)
    }
}
