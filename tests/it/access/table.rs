//! The table itself: who may see or run each field of the schema, by role and by relation.
//!
//! A row speaks of a thing that is there for the viewer. Which posts and comments are there for whom is a rule of
//! whole things: [`DRAFT`].

use std::collections::BTreeSet;

use super::shape::Shape;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Viewer {
    Anonymous,
    /// Somebody without a role, whose the thing is not.
    Other,
    /// Somebody without a role, whose the thing is.
    Owner,
    Moderator,
    Admin,
}

impl Viewer {
    /// Administrators ask first: what was loaded for them must not come to the next one.
    pub(super) const ALL: [Self; 5] = [Self::Admin, Self::Moderator, Self::Owner, Self::Other, Self::Anonymous];
}

/// How the viewer stands to the thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// It is the viewer, or was written by the viewer.
    Own,
    /// It is somebody else's, under something of the viewer's.
    Under,
    /// It is somebody else's.
    Foreign,
}

impl Relation {
    pub(super) const ALL: [Self; 3] = [Self::Own, Self::Under, Self::Foreign];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    All,
    SignedIn,
    /// Oneself, and administrators.
    OwnerOrAdmin,
    /// The author, moderators and administrators.
    AuthorOrModerator,
    /// The author, the author of what it stands under, moderators and administrators.
    AuthorsOrModerator,
    /// Moderators and administrators.
    Moderator,
    Admin,
    /// Whoever ran the mutation that the payload answers: it is shown to nobody else.
    Runner,
    /// All where the server discloses addresses (`ACCOUNT_DISCLOSURE=friendly`), and nobody elsewhere.
    Disclosed,
}

use Who::{Admin, All, AuthorOrModerator, AuthorsOrModerator, Disclosed, Moderator, OwnerOrAdmin, Runner, SignedIn};

impl Who {
    pub(super) fn lets_in(self, viewer: Viewer, relation: Relation) -> bool {
        match self {
            All | Runner | Disclosed => true,
            SignedIn => viewer != Viewer::Anonymous,
            OwnerOrAdmin => relation == Relation::Own || viewer == Viewer::Admin,
            AuthorOrModerator => relation == Relation::Own || viewer >= Viewer::Moderator,
            AuthorsOrModerator => relation != Relation::Foreign || viewer >= Viewer::Moderator,
            Moderator => viewer >= Viewer::Moderator,
            Admin => viewer == Viewer::Admin,
        }
    }
}

/// For whom a draft is there, and the comments under it: for the draft's author, moderators and administrators. For
/// everybody else they are missing, whoever wrote the comments.
pub(super) const DRAFT: Who = AuthorOrModerator;

/// Who may see or run a field.
pub(super) fn row(field: &str) -> Who {
    TABLE.iter().find(|(row, _)| *row == field).unwrap_or_else(|| panic!("no row for {field}")).1
}

/// What is wrong with the table, beside this schema.
pub(super) fn faults(shape: &Shape) -> Vec<String> {
    let served: BTreeSet<String> = shape.all().iter().map(super::shape::Field::path).collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|(row, _)| (*row).to_owned()).collect();
    let twice = TABLE.len() - rows.len();
    let mut faults: Vec<String> =
        served.difference(&rows).map(|field| format!("no row says who may see {field}")).collect();
    faults.extend(rows.difference(&served).map(|row| format!("there is no field {row}")));
    if twice > 0 {
        faults.push(format!("{twice} rows stand there twice"));
    }
    faults
}

#[rustfmt::skip]
pub(super) const TABLE: &[(&str, Who)] = &[
    ("Query.auditLog", Admin),
    ("Query.comment", All),
    ("Query.comments", All),
    ("Query.dashboard", SignedIn),
    ("Query.emailAvailable", Disclosed),
    ("Query.me", All),
    ("Query.node", All),
    ("Query.nodes", All),
    ("Query.post", All),
    ("Query.posts", All),
    ("Query.user", All),
    ("Query.userByUsername", All),
    ("Query.usernameAvailable", All),
    ("Query.users", Moderator),
    ("Mutation.cancelEmailChange", All),
    ("Mutation.changeEmail", SignedIn),
    ("Mutation.changePassword", SignedIn),
    ("Mutation.changeUsername", SignedIn),
    ("Mutation.confirmEmailChange", All),
    ("Mutation.createComment", SignedIn),
    ("Mutation.createPost", SignedIn),
    ("Mutation.createUser", Admin),
    ("Mutation.deleteAccount", SignedIn),
    ("Mutation.deleteComment", AuthorsOrModerator),
    ("Mutation.deletePost", AuthorOrModerator),
    ("Mutation.deleteUser", Admin),
    ("Mutation.forgotPassword", All),
    ("Mutation.login", All),
    ("Mutation.logout", SignedIn),
    ("Mutation.refreshSession", All),
    ("Mutation.reinstateUser", Admin),
    ("Mutation.removeAvatar", SignedIn),
    ("Mutation.resendVerificationEmail", All),
    ("Mutation.resetPassword", All),
    ("Mutation.revokeSession", SignedIn),
    ("Mutation.setUserRole", Admin),
    ("Mutation.signup", All),
    ("Mutation.suspendUser", Admin),
    ("Mutation.updateComment", AuthorOrModerator),
    ("Mutation.updatePost", AuthorOrModerator),
    ("Mutation.updateProfile", SignedIn),
    ("Mutation.updateUser", Admin),
    ("Mutation.uploadAvatar", SignedIn),
    ("Mutation.verifyEmail", All),
    ("Subscription.commentAdded", All),
    ("Subscription.postPublished", All),
    ("Subscription.sessionEnded", SignedIn),
    ("EndedSession.endedAt", Runner),
    ("EndedSession.id", Runner),
    ("Node.id", All),
    ("User.activity", OwnerOrAdmin),
    ("User.avatarUrl", All),
    ("User.comments", All),
    ("User.createdAt", All),
    ("User.displayName", All),
    ("User.email", OwnerOrAdmin),
    ("User.emailVerified", OwnerOrAdmin),
    ("User.firstName", All),
    ("User.id", All),
    ("User.lastLoginAt", OwnerOrAdmin),
    ("User.lastName", All),
    ("User.pendingEmail", OwnerOrAdmin),
    ("User.posts", All),
    ("User.profile", All),
    ("User.role", All),
    ("User.sessions", OwnerOrAdmin),
    ("User.suspendedUntil", OwnerOrAdmin),
    ("User.updatedAt", OwnerOrAdmin),
    ("User.username", All),
    ("Profile.bio", All),
    ("Profile.country", All),
    ("Profile.county", All),
    ("Profile.homeAddress", OwnerOrAdmin),
    ("Profile.occupation", All),
    ("Profile.socialLinks", All),
    ("SocialLinks.description", All),
    ("SocialLinks.facebook", All),
    ("SocialLinks.github", All),
    ("SocialLinks.instagram", All),
    ("SocialLinks.linkedin", All),
    ("SocialLinks.twitter", All),
    ("SocialLinks.youtube", All),
    ("Post.author", All),
    ("Post.body", All),
    ("Post.comments", All),
    ("Post.createdAt", All),
    ("Post.id", All),
    ("Post.publishedAt", All),
    ("Post.status", All),
    ("Post.title", All),
    ("Post.updatedAt", All),
    ("Comment.author", All),
    ("Comment.body", All),
    ("Comment.createdAt", All),
    ("Comment.id", All),
    ("Comment.post", All),
    ("Comment.updatedAt", All),
    ("Session.createdAt", OwnerOrAdmin),
    ("Session.current", OwnerOrAdmin),
    ("Session.deviceName", OwnerOrAdmin),
    ("Session.expiresAt", OwnerOrAdmin),
    ("Session.id", OwnerOrAdmin),
    ("Session.ipAddress", OwnerOrAdmin),
    ("Session.lastUsedAt", OwnerOrAdmin),
    ("Session.userAgent", OwnerOrAdmin),
    ("AuditChange.field", OwnerOrAdmin),
    ("AuditChange.from", OwnerOrAdmin),
    ("AuditChange.to", OwnerOrAdmin),
    ("AuditEvent.actor", OwnerOrAdmin),
    ("AuditEvent.actorId", OwnerOrAdmin),
    ("AuditEvent.actorKind", OwnerOrAdmin),
    ("AuditEvent.changes", OwnerOrAdmin),
    ("AuditEvent.createdAt", OwnerOrAdmin),
    ("AuditEvent.id", OwnerOrAdmin),
    ("AuditEvent.ipAddress", OwnerOrAdmin),
    ("AuditEvent.kind", OwnerOrAdmin),
    ("AuditEvent.objectId", OwnerOrAdmin),
    ("AuditEvent.omittedBefore", OwnerOrAdmin),
    ("AuditEvent.outcome", OwnerOrAdmin),
    ("AuditEvent.requestId", OwnerOrAdmin),
    ("AuditEvent.user", OwnerOrAdmin),
    ("AuditEvent.userAgent", OwnerOrAdmin),
    ("AuditEvent.userId", OwnerOrAdmin),
    ("AuditEventConnection.edges", OwnerOrAdmin),
    ("AuditEventConnection.nodes", OwnerOrAdmin),
    ("AuditEventConnection.pageInfo", OwnerOrAdmin),
    ("AuditEventConnection.totalCount", OwnerOrAdmin),
    ("AuditEventEdge.cursor", OwnerOrAdmin),
    ("AuditEventEdge.node", OwnerOrAdmin),
    ("Dashboard.activeSessions", All),
    ("Dashboard.commentsReceived", All),
    ("Dashboard.commentsWritten", All),
    ("Dashboard.latestComments", All),
    ("Dashboard.posts", All),
    ("Dashboard.signupsPerDay", Admin),
    ("Dashboard.site", Admin),
    ("CancelEmailChangePayload.email", Runner),
    ("CancelEmailChangePayload.userErrors", Runner),
    ("ChangeEmailPayload.expiresAt", Runner),
    ("ChangeEmailPayload.newEmail", Runner),
    ("ChangeEmailPayload.user", Runner),
    ("ChangeEmailPayload.userErrors", Runner),
    ("ChangePasswordPayload.endedSessionIds", Runner),
    ("ChangePasswordPayload.user", Runner),
    ("ChangePasswordPayload.userErrors", Runner),
    ("ChangeUsernamePayload.user", Runner),
    ("ChangeUsernamePayload.userErrors", Runner),
    ("CommentConnection.edges", All),
    ("CommentConnection.nodes", All),
    ("CommentConnection.pageInfo", All),
    ("CommentConnection.totalCount", All),
    ("CommentEdge.cursor", All),
    ("CommentEdge.node", All),
    ("ConfirmEmailChangePayload.user", Runner),
    ("ConfirmEmailChangePayload.userErrors", Runner),
    ("CreateCommentPayload.comment", Runner),
    ("CreateCommentPayload.commentEdge", Runner),
    ("CreateCommentPayload.userErrors", Runner),
    ("CreatePostPayload.post", Runner),
    ("CreatePostPayload.postEdge", Runner),
    ("CreatePostPayload.userErrors", Runner),
    ("CreateUserPayload.user", Runner),
    ("CreateUserPayload.userEdge", Runner),
    ("CreateUserPayload.userErrors", Runner),
    ("DeleteAccountPayload.deletedUserId", Runner),
    ("DeleteAccountPayload.userErrors", Runner),
    ("DeleteCommentPayload.deletedCommentId", Runner),
    ("DeleteCommentPayload.postId", Runner),
    ("DeleteCommentPayload.userErrors", Runner),
    ("DeletePostPayload.deletedPostId", Runner),
    ("DeletePostPayload.userErrors", Runner),
    ("DeleteUserPayload.deletedUserId", Runner),
    ("DeleteUserPayload.userErrors", Runner),
    ("ForgotPasswordPayload.userErrors", Runner),
    ("LoginPayload.accessToken", Runner),
    ("LoginPayload.accessTokenExpiresAt", Runner),
    ("LoginPayload.refreshToken", Runner),
    ("LoginPayload.session", Runner),
    ("LoginPayload.user", Runner),
    ("LoginPayload.userErrors", Runner),
    ("LogoutPayload.endedSessionIds", Runner),
    ("LogoutPayload.userErrors", Runner),
    ("PageInfo.endCursor", All),
    ("PageInfo.hasNextPage", All),
    ("PageInfo.hasPreviousPage", All),
    ("PageInfo.startCursor", All),
    ("PostConnection.edges", All),
    ("PostConnection.nodes", All),
    ("PostConnection.pageInfo", All),
    ("PostConnection.totalCount", All),
    ("PostCounts.draft", All),
    ("PostCounts.published", All),
    ("PostEdge.cursor", All),
    ("PostEdge.node", All),
    ("RefreshSessionPayload.accessToken", Runner),
    ("RefreshSessionPayload.accessTokenExpiresAt", Runner),
    ("RefreshSessionPayload.refreshToken", Runner),
    ("RefreshSessionPayload.session", Runner),
    ("RefreshSessionPayload.user", Runner),
    ("RefreshSessionPayload.userErrors", Runner),
    ("ReinstateUserPayload.user", Runner),
    ("ReinstateUserPayload.userErrors", Runner),
    ("RemoveAvatarPayload.user", Runner),
    ("RemoveAvatarPayload.userErrors", Runner),
    ("ResendVerificationEmailPayload.userErrors", Runner),
    ("ResetPasswordPayload.userErrors", Runner),
    ("RevokeSessionPayload.endedSessionId", Runner),
    ("RevokeSessionPayload.userErrors", Runner),
    ("SessionConnection.edges", OwnerOrAdmin),
    ("SessionConnection.nodes", OwnerOrAdmin),
    ("SessionConnection.pageInfo", OwnerOrAdmin),
    ("SessionConnection.totalCount", OwnerOrAdmin),
    ("SessionEdge.cursor", OwnerOrAdmin),
    ("SessionEdge.node", OwnerOrAdmin),
    ("SetUserRolePayload.user", Runner),
    ("SetUserRolePayload.userErrors", Runner),
    ("SignupPayload.accessToken", Runner),
    ("SignupPayload.accessTokenExpiresAt", Runner),
    ("SignupPayload.email", Runner),
    ("SignupPayload.refreshToken", Runner),
    ("SignupPayload.session", Runner),
    ("SignupPayload.user", Runner),
    ("SignupPayload.userErrors", Runner),
    ("SignupsOfDay.count", All),
    ("SignupsOfDay.day", All),
    ("SiteTotals.comments", All),
    ("SiteTotals.posts", All),
    ("SiteTotals.users", All),
    ("SuspendUserPayload.user", Runner),
    ("SuspendUserPayload.userErrors", Runner),
    ("UpdateCommentPayload.comment", Runner),
    ("UpdateCommentPayload.userErrors", Runner),
    ("UpdatePostPayload.post", Runner),
    ("UpdatePostPayload.userErrors", Runner),
    ("UpdateProfilePayload.user", Runner),
    ("UpdateProfilePayload.userErrors", Runner),
    ("UpdateUserPayload.user", Runner),
    ("UpdateUserPayload.userErrors", Runner),
    ("UploadAvatarPayload.user", Runner),
    ("UploadAvatarPayload.userErrors", Runner),
    ("UserConnection.edges", All),
    ("UserConnection.nodes", All),
    ("UserConnection.pageInfo", All),
    ("UserConnection.totalCount", All),
    ("UserEdge.cursor", All),
    ("UserEdge.node", All),
    ("UserError.code", Runner),
    ("UserError.field", Runner),
    ("UserError.message", Runner),
    ("VerifyEmailPayload.user", Runner),
    ("VerifyEmailPayload.userErrors", Runner),];
