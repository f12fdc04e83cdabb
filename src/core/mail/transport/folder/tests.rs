use std::{
    error::Error,
    path::{Path, PathBuf},
};

use crate::core::mail::{
    templates::Content,
    transport::{Mail, Transport},
};

type Checked = Result<(), Box<dyn Error>>;

/// A folder under the build's own, gone after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp"));
        let folder = folder.join(format!("mail-{}-{test}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn names(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn mail(seconds: i64, id: &str) -> Mail {
    Mail {
        message_id: format!("<{id}@localhost>"),
        date_unix_seconds: seconds,
        from: "Lyceum <lyceum@localhost>".to_owned(),
        to: "ada@example.net".to_owned(),
        content: Content { subject: "Hello".to_owned(), text: "text\n".to_owned(), html: "<p>html</p>\n".to_owned() },
    }
}

#[tokio::test]
async fn each_mail_is_one_file_and_the_names_sort_by_time() -> Checked {
    let scratch = Scratch::new("one-file-each");
    let transport = Transport::files(scratch.0.join("mail"));
    for mail in [mail(1_795_250_001, "a"), mail(1_795_250_000, "b"), mail(1_795_250_000, "b")] {
        transport.send(&mail).await?;
    }
    let folder = Scratch(scratch.0.join("mail"));
    assert_eq!(folder.names()?, ["1795250000000-b.eml", "1795250001000-a.eml"]);
    let bytes = std::fs::read_to_string(folder.0.join("1795250000000-b.eml"))?;
    assert!(bytes.starts_with("From: Lyceum <lyceum@localhost>\r\nTo: ada@example.net\r\n"), "{bytes}");
    assert!(bytes.contains("<p>html</p>"));
    Ok(())
}

#[cfg(unix)]
fn mode(path: &Path) -> std::io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_what_is_written() -> Checked {
    let scratch = Scratch::new("owner");
    std::fs::create_dir_all(&scratch.0)?;
    let folder = scratch.0.join("mail");
    let transport = Transport::files(&folder);
    transport.send(&mail(1, "a")).await?;
    assert_eq!(mode(&folder)?, 0o700);
    assert_eq!(mode(&folder.join("0000000001000-a.eml"))?, 0o600);

    // What a killed process left behind is replaced, whatever its mode was.
    std::fs::write(folder.join(".0000000002000-b.eml.part"), "half")?;
    transport.send(&mail(2, "b")).await?;
    assert_eq!(mode(&folder.join("0000000002000-b.eml"))?, 0o600);
    assert_eq!(Scratch(folder).names()?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_transient_and_told_without_its_path() -> Checked {
    let scratch = Scratch::new("not-a-folder");
    scratch.0.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(&scratch.0, "a file stands here")?;
    let transport = Transport::files(scratch.0.join("mail"));
    let error = transport.send(&mail(1, "a")).await.err().ok_or("a file was taken for a folder")?;
    assert!(!error.permanent && !error.reason.contains("target"), "{error}");
    assert!(transport.check().await.is_err());
    std::fs::remove_file(&scratch.0)?;
    Ok(())
}

#[tokio::test]
async fn a_check_leaves_nothing_behind() -> Checked {
    let scratch = Scratch::new("check");
    let found = Transport::files(&scratch.0).check().await?;
    assert!(found.starts_with("mails are written to "), "{found}");
    assert!(scratch.names()?.is_empty());
    Ok(())
}
