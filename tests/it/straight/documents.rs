//! Documents by chance, valid ones: fields of every kind, with aliases, directives, variables, fragments of both kinds
//! within each other. No response key stands twice in a selection set.

use std::fmt::Write as _;

/// The fields of a type: those without a selection, and those with one and the type that they lead to.
struct Type {
    name: &'static str,
    leaves: &'static [&'static str],
    objects: &'static [(&'static str, &'static str)],
}

const TYPES: &[Type] = &[
    Type {
        name: "User",
        leaves: &[
            "id",
            "username",
            "firstName",
            "lastName",
            "displayName",
            "role",
            "createdAt",
            "avatarUrl",
            "avatarUrl(size: LARGE)",
            "email",
            "emailVerified",
            "pendingEmail",
            "updatedAt",
            "lastLoginAt",
        ],
        objects: &[
            ("profile", "Profile"),
            ("posts(first: 2)", "PostConnection"),
            ("posts(first: $few, orderBy: {field: TITLE, direction: ASC})", "PostConnection"),
            ("comments(last: 2)", "CommentConnection"),
            ("sessions(first: 1)", "SessionConnection"),
        ],
    },
    Type { name: "Profile", leaves: &["bio", "country"], objects: &[] },
    Type {
        name: "Post",
        leaves: &["id", "title", "body", "status", "createdAt", "updatedAt", "publishedAt"],
        objects: &[("author", "User"), ("comments(first: 3)", "CommentConnection"), ("comments", "CommentConnection")],
    },
    Type {
        name: "Comment",
        leaves: &["id", "body", "createdAt", "updatedAt"],
        objects: &[("author", "User"), ("post", "Post")],
    },
    Type { name: "Session", leaves: &["id", "createdAt", "current"], objects: &[] },
    Type { name: "PageInfo", leaves: &["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"], objects: &[] },
    Type { name: "PostEdge", leaves: &["cursor"], objects: &[("node", "Post")] },
    Type { name: "CommentEdge", leaves: &["cursor"], objects: &[("node", "Comment")] },
    Type { name: "SessionEdge", leaves: &["cursor"], objects: &[("node", "Session")] },
    Type {
        name: "PostConnection",
        leaves: &["totalCount"],
        objects: &[("edges", "PostEdge"), ("nodes", "Post"), ("pageInfo", "PageInfo")],
    },
    Type {
        name: "CommentConnection",
        leaves: &["totalCount"],
        objects: &[("edges", "CommentEdge"), ("nodes", "Comment"), ("pageInfo", "PageInfo")],
    },
    Type {
        name: "SessionConnection",
        leaves: &["totalCount"],
        objects: &[("edges", "SessionEdge"), ("nodes", "Session"), ("pageInfo", "PageInfo")],
    },
    Type {
        name: "Query",
        leaves: &[],
        objects: &[
            ("me", "User"),
            ("user(id: $id)", "User"),
            ("post(id: $id)", "Post"),
            ("comment(id: $id)", "Comment"),
            ("posts(first: 3)", "PostConnection"),
            ("posts(last: $few, filter: {status: PUBLISHED})", "PostConnection"),
            ("comments(first: 3)", "CommentConnection"),
        ],
    },
];

/// What a document may still hold.
struct Budget {
    aliases: u32,
    directives: u32,
    fragments: u32,
    objects: u32,
}

pub(super) struct Documents {
    state: u64,
    ids: Vec<String>,
}

pub(super) struct Document {
    root: String,
    fragments: String,
}

impl Document {
    /// The text, with these fields at the end of its root.
    pub(super) fn text(&self, more: &str) -> String {
        let variables = "$yes: Boolean!, $no: Boolean!, $few: Int!, $id: ID!";
        let used = "few: posts(first: $few) @include(if: $yes) @skip(if: $no) { __typename } \
                    any: node(id: $id) { __typename }";
        format!("query ({variables}) {{ {} {used} {more} }}\n{}", self.root, self.fragments)
    }
}

impl Documents {
    pub(super) fn new(seed: u64, ids: Vec<String>) -> Self {
        Self { state: seed, ids }
    }

    pub(super) fn any_id(&mut self) -> String {
        let number = self.below(self.ids.len());
        self.ids[number].clone()
    }

    pub(super) fn next(&mut self) -> Document {
        let mut budget = Budget { aliases: 24, directives: 6, fragments: 8, objects: 10 };
        let mut fragments = String::new();
        let mut keys = Vec::new();
        let root = self.selection("Query", 5, &mut keys, &mut budget, &mut fragments);
        Document { root, fragments }
    }

    /// `SplitMix64`.
    fn chance(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance() % u64::try_from(end).unwrap()).unwrap()
    }

    /// One in so many, while there is some of it left.
    fn takes(&mut self, one_in: usize, left: &mut u32) -> bool {
        let takes = *left > 0 && self.below(one_in) == 0;
        *left -= u32::from(takes);
        takes
    }

    /// Some fields of a type; `keys` are the response keys that are taken.
    fn selection(
        &mut self,
        of: &'static str,
        depth: u32,
        keys: &mut Vec<String>,
        budget: &mut Budget,
        fragments: &mut String,
    ) -> String {
        let known = TYPES.iter().find(|known| known.name == of).unwrap();
        let mut text = String::new();
        for _ in 0..=self.below(4) {
            if of != "Query" && self.takes(8, &mut budget.fragments) {
                let inner = self.selection(of, depth.saturating_sub(1), keys, budget, fragments);
                let includes = self.takes(2, &mut budget.directives);
                self.fragment(of, &inner, includes, &mut text, fragments);
                continue;
            }
            let nested = depth > 0 && !known.objects.is_empty() && budget.objects > 0;
            if nested && (known.leaves.is_empty() || self.below(2) == 0) {
                budget.objects -= 1;
                let (field, leads_to) = known.objects[self.below(known.objects.len())];
                if let Some(field) = self.field(field, keys, budget) {
                    let inner = self.selection(leads_to, depth - 1, &mut Vec::new(), budget, fragments);
                    write!(text, "{field} {{ {inner} }} ").unwrap();
                }
            } else if !known.leaves.is_empty() {
                let leaf = known.leaves[self.below(known.leaves.len())];
                if let Some(field) = self.field(leaf, keys, budget) {
                    write!(text, "{field} ").unwrap();
                }
            }
        }
        // A set is never empty; its own name is there once.
        if text.is_empty() && !keys.iter().any(|key| key == "__typename") {
            keys.push("__typename".to_owned());
            text.push_str("__typename ");
        }
        if text.is_empty() {
            let key = format!("t{}", keys.len());
            text = format!("{key}: __typename ");
            keys.push(key);
        }
        text
    }

    /// A field, perhaps under another name, perhaps with a directive; none when its key is taken.
    fn field(&mut self, field: &str, keys: &mut Vec<String>, budget: &mut Budget) -> Option<String> {
        let name = field.split('(').next().unwrap();
        let aliased = self.takes(5, &mut budget.aliases);
        let key = if aliased { format!("a{}", keys.len()) } else { name.to_owned() };
        if keys.contains(&key) {
            return None;
        }
        keys.push(key.clone());
        let directive = if self.takes(10, &mut budget.directives) {
            ["@include(if: $yes)", "@skip(if: $no)", "@skip(if: true)", "@include(if: false)"][self.below(4)]
        } else {
            ""
        };
        Some(if aliased { format!("{key}: {field} {directive}") } else { format!("{field} {directive}") })
    }

    fn fragment(&mut self, of: &str, inner: &str, includes: bool, text: &mut String, fragments: &mut String) {
        let on_node = matches!(of, "User" | "Post" | "Comment" | "Session") && self.below(4) == 0;
        match self.below(4) {
            0 => write!(text, "... {{ {inner} }} "),
            1 if includes => write!(text, "... on {of} @include(if: $yes) {{ {inner} }} "),
            2 if on_node => write!(text, "... on Node {{ ... on {of} {{ {inner} }} }} "),
            1 | 2 => write!(text, "... on {of} {{ {inner} }} "),
            _ => {
                let name = format!("F{}", fragments.lines().count());
                writeln!(fragments, "fragment {name} on {of} {{ {inner} }}").unwrap();
                write!(text, "...{name} ")
            }
        }
        .unwrap();
    }
}
