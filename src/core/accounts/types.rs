//! The words that an account is made of, each parsed once into a type of its own: [`Username`], [`Email`],
//! [`PersonName`], [`DeviceName`].
//!
//! Whoever holds one holds a value that obeys the rules, may stand in a mail and fits its column. A fault names
//! the broken rule and never repeats the value. What is unique is compared by `key()`, never by `as_str()`.
//! This knows nothing of the API, of HTTP, of the database or of the environment.

use std::{collections::HashSet, sync::LazyLock};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use crate::core::{
    error::{Fault, FaultCode},
    text::{is_control_or_hidden, one_line},
};

/// 3 to 32 of `a-z`, `0-9` and `_`, shown as typed and unique whatever the case of its letters.
#[derive(Clone, Debug)]
pub struct Username(String);

/// The address of exactly one mailbox, fit to stand in a header line.
#[derive(Clone, Debug)]
pub struct Email(String);

/// A first or a last name in any script.
#[derive(Clone, Debug)]
pub struct PersonName(String);

/// What a person calls the device that a session belongs to.
#[derive(Clone, Debug)]
pub struct DeviceName(String);

impl Username {
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let name = Self::parse_even_reserved(typed)?;
        if is_reserved(&name.key()) {
            return Err(Fault::new(FaultCode::Reserved, "This name is reserved: choose another one."));
        }
        Ok(name)
    }

    /// For whoever runs the server: the first administrator may well be called `admin`.
    pub fn parse_even_reserved(typed: &str) -> Result<Self, Fault> {
        if typed.is_empty() {
            return Err(Fault::new(FaultCode::Required, "Choose a username."));
        }
        // Only ASCII, so no look-alike, invisible or right-to-left character needs a rule of its own.
        if !typed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(invalid("Use only the letters a to z, digits and _."));
        }
        match typed.len() {
            ..3 => Err(Fault::new(FaultCode::TooShort, "Use 3 to 32 characters.")),
            3..=32 => Ok(Self(typed.to_owned())),
            _ => Err(Fault::new(FaultCode::TooLong, "Use 3 to 32 characters.")),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is unique among all accounts.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl Email {
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        if typed.is_empty() {
            return Err(Fault::new(FaultCode::Required, "Enter an e-mail address."));
        }
        // A domain shrinks or grows on its way to ASCII; this only bounds the work.
        if typed.len() > 4 * MAX_EMAIL {
            return Err(email_too_long());
        }
        let one_at = "Enter one address, such as name@example.com.";
        let (local, domain) = typed.split_once('@').ok_or_else(|| invalid(one_at))?;
        if domain.contains('@') {
            return Err(invalid(one_at));
        }
        check_local_part(local)?;
        let address = format!("{local}@{}", ascii_domain(domain)?);
        if address.len() > MAX_EMAIL {
            return Err(email_too_long());
        }
        Ok(Self(address))
    }

    /// The address to write to: the part before `@` as typed, the domain in lower-case ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// What is unique among all accounts. No mailbox in use tells `Ann@` from `ann@`, so neither does this;
    /// dots and `+tags` stay, because what they mean is the affair of each host.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PersonName {
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let name = one_line(typed, MAX_LINE)?;
        // Names stand in mails to strangers, where they must not become markup, an address or a link, in
        // full-width spelling neither.
        let plain: String = name.nfkc().collect::<String>().to_lowercase();
        if name.chars().chain(plain.chars()).any(|c| matches!(c, '<' | '>' | '@')) {
            return Err(invalid("Leave out the characters <, > and @."));
        }
        if ["://", "www."].iter().any(|link| plain.contains(link)) {
            return Err(invalid("Leave out web addresses."));
        }
        if ["%0a", "%0d", "%00"].iter().any(|coded| plain.contains(coded)) {
            return Err(invalid("Leave out control characters."));
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DeviceName {
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        one_line(typed, MAX_LINE).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 5321 leaves 256 octets to a path, of which two are its angle brackets.
const MAX_EMAIL: usize = 254;
const MAX_LOCAL_PART: usize = 64;
const MAX_LINE: usize = 64;

/// The part before `@`: a dot-atom of RFC 5321 without `%`, which old relays take for a route and careless
/// software for the start of a coded line break.
fn check_local_part(local: &str) -> Result<(), Fault> {
    if !local.is_ascii() {
        // Folding would make one address of `ı` and `i`, and mail for one person would reach another.
        return Err(invalid("Use only the letters a to z, digits and common signs before the @."));
    }
    if local.len() > MAX_LOCAL_PART {
        return Err(Fault::new(FaultCode::TooLong, "Use at most 64 characters before the @."));
    }
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atom_byte);
    if local.split('.').all(is_atom) {
        return Ok(());
    }
    Err(invalid("Enter only the address, such as name@example.com, without spaces, quotes or line breaks."))
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&'*+-/=?^_`{|}~".contains(&byte)
}

/// The one spelling of a domain: by UTS 46 to lower-case ASCII, so that `bücher.example` and its `xn--` form are
/// equal. Its rules for ASCII leave no room for brackets, spaces, `%` or control characters.
fn ascii_domain(domain: &str) -> Result<String, Fault> {
    let unknown = || invalid("Enter a domain such as example.com after the @.");
    // UTS 46 drops some invisible characters without a word; what was typed should be what is seen.
    if domain.chars().any(is_control_or_hidden) {
        return Err(unknown());
    }
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| unknown())?;
    let (_, top) = ascii.rsplit_once('.').ok_or_else(unknown)?;
    // No top-level domain is a number; `127.0.0.1` is an address of a machine.
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unknown());
    }
    Ok(ascii.into_owned())
}

fn invalid(message: &str) -> Fault {
    Fault::new(FaultCode::Invalid, message)
}

fn email_too_long() -> Fault {
    Fault::new(FaultCode::TooLong, "Use an address of at most 254 characters.")
}

fn is_reserved(key: &str) -> bool {
    let plain = key.replace('_', "");
    // A digit at the end is a number (`user5` is not `users`), one before a letter may stand for another.
    let word = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = plain.strip_prefix(word).unwrap_or_default();
    let looks_like =
        |one: char| -> String { word.chars().map(|c| letter_like(c, one)).chain(number.chars()).collect() };
    [looks_like('i'), looks_like('l'), plain.clone()].iter().any(|name| RESERVED.contains(name.as_str()))
}

fn letter_like(c: char, one: char) -> char {
    match c {
        '0' => 'o',
        '1' => one,
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

static RESERVED: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED_NAMES.split_whitespace().collect());

/// Names that others would trust (the house, its staff, the mailboxes of RFC 2142), that stand for nobody or for
/// everybody, or that a path, a host or a program may come to use.
const RESERVED_NAMES: &str = "
    lyceum lyceumadmin lyceumsupport lyceumteam lyceumofficial lyceumbot
    admin admins administrator administrators adm sysadmin sysop superadmin superuser root sudo su owner owners operator
    operators mod mods moderator moderators staff team crew official officials verified founder ceo manager management
    support supportteam help helpdesk helpcenter service customerservice contact feedback info billing payments sales
    marketing press legal privacy terms security securityteam compliance dmca trust safety abuse noc ops devops
    webmaster postmaster hostmaster mailerdaemon daemon usenet news uucp ftp dns ssl tls noreply donotreply bounce
    bounces mail email imap smtp pop pop3 newsletter alert alerts notification notifications
    system sys server service services bot bots robot robots nobody noone none nil null undefined nan true false void
    unknown anonymous anon guest guests visitor deleted deleteduser removed banned suspended ghost
    all any everyone everybody everything here channel group groups public private self me my you user users username
    member members account accounts profile profiles person people author authors role roles
    api app apps auth oauth oidc sso login logout signin signout signup register registration verify verifyemail
    confirm confirmemail cancelemail reset resetpassword password passwords recover recovery session sessions token
    tokens settings setting config configuration preferences dashboard console control panel status health live ready
    metrics graphql graphiql playground schema subscription subscriptions websocket webhook webhooks rest rpc
    www web home index about blog forum docs documentation faq wiki search explore upload uploads avatar avatars
    assets static media files images cdn staging production localhost wellknown
    post posts comment comments new edit delete create update invite invites
    constructor prototype proto";

#[cfg(test)]
mod tests;
