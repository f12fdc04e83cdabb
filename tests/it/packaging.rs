//! What stands in `packaging/` goes with the binary as it is.

use crate::harness::*;

/// The settings beside the unit, those too that are only shown, and secrets made as it says: a server starts from its
/// `.env` alone, and its doctor finds nothing but the relay that is not there.
#[test]
fn the_packaged_settings_are_right() {
    let home = Home::new();
    let folder = home.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    let settings = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/lyceum.env")).unwrap();
    let shown =
        |line: &str| line.strip_prefix('#').filter(|rest| rest.starts_with(char::is_uppercase)).map(str::to_owned);
    let settings: Vec<String> = settings.lines().map(|line| shown(line).unwrap_or_else(|| line.to_owned())).collect();
    let settings =
        settings.join("\n").replace("/etc/lyceum", folder).replace("/var/lib/lyceum", &format!("{folder}/data"));
    assert!(settings.contains("\nSMTP_URL=") && settings.contains("\nFRONTEND_URL="), "{settings}");
    std::fs::write(home.path(".env"), settings.replace("in-v3.mailjet.com:587", "127.0.0.1:1")).unwrap();
    for (name, secret) in [("jwt_secret", JWT_SECRET), ("password_pepper", PEPPER)] {
        std::fs::write(home.path(name), format!("{secret}\n")).unwrap();
    }
    for name in [".env", "jwt_secret", "password_pepper"] {
        std::fs::set_permissions(home.path(name), std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    }
    assert_eq!(home.serve(&[("BCRYPT_COST", "12")]).stop().code, Some(0));
    let finished = home.run(&["doctor"], &[], "");
    let faults: Vec<&str> = finished.stdout.lines().filter(|line| line.starts_with("FAULT")).collect();
    assert!(faults.len() == 1 && faults[0].starts_with("FAULT mail"), "{finished:?}");
    assert!(finished.stdout.contains("3 files, closed to others"), "{finished:?}");
}
