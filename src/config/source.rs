//! Where a module comes from, by its `source`: a folder, a git repository, a registry.

/// A module's source, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder, relative to the calling module.
    Local,
    /// A git repository.
    Git(Git),
    /// An address in a registry: `NAMESPACE/NAME/PROVIDER`, with a host before it or not.
    Registry,
    /// Anything else: an archive at a URL, a bucket, another kind of repository.
    Other,
}

/// A module in a git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Git {
    /// The repository, as git takes it.
    pub url: String,
    /// The branch, tag or commit; the default branch where none is given.
    pub reference: Option<String>,
    /// How many commits of history are fetched; all where it is not given.
    pub depth: Option<u32>,
    /// The folder in the repository; empty for its root.
    pub folder: String,
}

/// Understands a source.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Source, String> {
    if super::calls::is_local(text) {
        return Ok(Source::Local);
    }
    if let Some(rest) = text.strip_prefix("git::") {
        return git(rest).map(Source::Git);
    }
    let (before, _) = text.split_once('?').unwrap_or((text, ""));
    for host in ["github.com/", "bitbucket.org/"] {
        if before.starts_with(host) {
            return hosted(host, text).map(Source::Git);
        }
    }
    if let Some(url) = scp(text) {
        return git(&url).map(Source::Git);
    }
    Ok(if is_registry(text) { Source::Registry } else { Source::Other })
}

/// Says whether a text is a registry's address: three words, or four with a host first.
fn is_registry(text: &str) -> bool {
    if text.contains("::") || text.contains('?') {
        return false;
    }
    let address = text.split_once("//").map_or(text, |(address, _)| address);
    let words: Vec<&str> = address.split('/').collect();
    let name = |word: &&str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let names = match &words[..] {
        [_, _, _] => &words[..],
        [host, names @ ..] if names.len() == 3 && host.contains('.') => names,
        _ => return false,
    };
    names.iter().all(name)
}

/// Reads `host/owner/repository/folder?ref=…`.
fn hosted(host: &str, text: &str) -> Result<Git, String> {
    let (path, query) =
        text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    let (path, folder) = match path.split_once("//") {
        Some((path, folder)) => (path, Some(folder.to_string())),
        None => (path, None),
    };
    let words: Vec<&str> = path[host.len()..].split('/').filter(|word| !word.is_empty()).collect();
    let [owner, repository, inside @ ..] = &words[..] else {
        return Err(format!("{host} URLs should be {host}username/repo"));
    };
    let repository = repository.trim_end_matches(".git");
    let folder = folder.unwrap_or_else(|| inside.join("/"));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    git(&format!("https://{host}{owner}/{repository}.git//{folder}{query}"))
}

/// Gives `git@host:path` as a URL; nothing where the text has another form.
fn scp(text: &str) -> Option<String> {
    if text.contains("://") {
        return None;
    }
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let plain = |word: &str| {
        !word.is_empty() && !word.starts_with('-') && !word.contains(['/', ':', '?', '@'])
    };
    (plain(user) && plain(host))
        .then(|| format!("ssh://{user}@{host}/{}", path.trim_start_matches('/')))
}

/// Reads a repository's URL with `//folder` and `?ref=…&depth=…`.
fn git(text: &str) -> Result<Git, String> {
    let text = scp(text).unwrap_or_else(|| text.to_string());
    let (path, query) = text.split_once('?').unwrap_or((&text, ""));
    let start = path.find("://").map_or(0, |scheme| scheme + 3);
    let (url, folder) = match path[start..].find("//") {
        Some(place) => (&path[..start + place], path[start + place..].trim_matches('/')),
        None => (path, ""),
    };
    if url.is_empty() || url.starts_with('-') {
        return Err(format!("\"{url}\" is not the address of a git repository"));
    }
    let known = ["https://", "http://", "ssh://", "git://", "file://", "git+ssh://"];
    if url.contains("::")
        || (url.contains("://") && !known.iter().any(|known| url.starts_with(known)))
    {
        return Err(format!("\"{url}\" is fetched in a way that is not allowed"));
    }
    if folder.split('/').any(|word| word == "..") {
        return Err(format!("the folder \"{folder}\" is not inside of the repository"));
    }
    let (mut reference, mut depth, mut rest) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("ref", name)) if name.starts_with('-') => {
                return Err(format!("\"{name}\" cannot be a branch, tag or commit"));
            }
            Some(("ref", name)) => {
                reference = Some(name.to_string()).filter(|name| !name.is_empty())
            }
            Some(("depth", number)) => {
                let number = number
                    .parse::<u32>()
                    .map_err(|_| format!("the depth \"{number}\" is not a whole number"))?;
                depth = Some(number).filter(|number| *number > 0);
            }
            Some(("sshkey", _)) => {
                return Err(
                    "a key in the address is not used: give git the key with GIT_SSH_COMMAND"
                        .into(),
                );
            }
            _ => rest.push(pair),
        }
    }
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    Ok(Git { url: format!("{url}{query}"), reference, depth, folder: folder.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git_of(text: &str) -> (String, Option<String>, Option<u32>, String) {
        let Ok(Source::Git(git)) = parse(text) else { panic!("{text}: {:?}", parse(text)) };
        (git.url, git.reference, git.depth, git.folder)
    }

    #[test]
    fn repositories_are_understood_in_all_their_forms() {
        let git = |url: &str, reference: Option<&str>, depth, folder: &str| {
            (url.to_string(), reference.map(String::from), depth, folder.to_string())
        };
        for (text, expected) in [
            ("git::https://example.com/a.git", git("https://example.com/a.git", None, None, "")),
            (
                "git::https://example.com/a.git//b/c?ref=v1&depth=1",
                git("https://example.com/a.git", Some("v1"), Some(1), "b/c"),
            ),
            ("git::file:///x/y//z", git("file:///x/y", None, None, "z")),
            ("git@example.com:a/b.git//c", git("ssh://git@example.com/a/b.git", None, None, "c")),
            ("git::git@example.com:a/b.git", git("ssh://git@example.com/a/b.git", None, None, "")),
            ("github.com/a/b", git("https://github.com/a/b.git", None, None, "")),
            (
                "github.com/a/b.git/c/d?ref=x",
                git("https://github.com/a/b.git", Some("x"), None, "c/d"),
            ),
            ("github.com/a/b//c", git("https://github.com/a/b.git", None, None, "c")),
            ("git::https://h/a?x=1", git("https://h/a?x=1", None, None, "")),
        ] {
            assert_eq!(git_of(text), expected, "{text}");
        }
    }

    #[test]
    fn other_sources_are_told_apart() {
        assert_eq!(parse("./a"), Ok(Source::Local));
        assert_eq!(parse("a/b/google"), Ok(Source::Registry));
        assert_eq!(parse("example.com/a/b/google//sub"), Ok(Source::Registry));
        assert_eq!(parse("https://example.com/a.zip"), Ok(Source::Other));
        assert_eq!(parse("s3::https://x/y"), Ok(Source::Other));
    }

    #[test]
    fn what_could_run_a_program_or_leave_the_repository_is_refused() {
        for text in [
            "git::--upload-pack=x",
            "git::ext::sh",
            "git::ext://x",
            "git::https://h/a?ref=--x",
            "git::https://h/a//../b",
            "git::https://h/a?depth=x",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
