//! `docs/security.md` promises; a test shows each promise, and names it.

use std::{collections::BTreeSet, fs, path::Path};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The numbers in the first column of the page's tables.
fn promised() -> BTreeSet<u32> {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/security.md")).unwrap();
    page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()?.parse().ok()).collect()
}

/// The numbers after `Bar` and `Bars`, up to the end of the list: "Bars 13, 14 and 15:".
fn named(text: &str) -> BTreeSet<u32> {
    let lists = text.split("Bar").skip(1).filter_map(|rest| rest.strip_prefix("s ").or_else(|| rest.strip_prefix(' ')));
    lists.flat_map(numbers).collect()
}

fn numbers(list: &str) -> Vec<u32> {
    let words = list.split_whitespace().map(|word| (word, word.trim_end_matches([',', ':', '.', ';', ')'])));
    let listed = words.take_while(|(_, word)| *word == "and" || word.parse::<u32>().is_ok());
    listed.filter_map(|(_, word)| word.parse().ok()).collect()
}

fn read(folder: &Path, found: &mut BTreeSet<u32>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("node_modules") {
            read(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "mjs") {
            found.extend(named(&fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_promise_is_named_by_a_test() {
    let mut shown = BTreeSet::new();
    read(&Path::new(ROOT).join("tests"), &mut shown);
    read(&Path::new(ROOT).join("src"), &mut shown);
    let missing: Vec<u32> = promised().difference(&shown).copied().collect();
    assert!(promised().len() > 60 && missing.is_empty(), "{missing:?}");
}

#[test]
fn a_list_of_bars_is_read_to_its_end() {
    assert_eq!(named("/// Bars 901, 902 and 903: what 99 says. Bar 904."), BTreeSet::from([901, 902, 903, 904]));
}
