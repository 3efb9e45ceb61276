//! How a state file names a provider's block: `module.m.provider["HOST/hashicorp/google"].alias`.

use std::fmt;

/// The host that stands before a source which names none.
const HOST: &str = "registry.terraform.io";
/// Hosts that mean the same providers.
const SAME: [&str; 2] = [HOST, "registry.opentofu.org"];
/// The provider that is part of every Terraform.
const BUILTIN: &str = "terraform.io/builtin/terraform";

/// A provider's block as a state file names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderName {
    /// The names of the module calls that lead to the block.
    pub module: Vec<String>,
    /// The source without a usual host: `hashicorp/google`.
    pub source: String,
    /// The alias.
    pub alias: Option<String>,
}

impl ProviderName {
    /// Reads the text form, or that of Terraform before 0.13; nothing where it has another form.
    pub fn parse(text: &str) -> Option<ProviderName> {
        let Some((before, rest)) = text.split_once("provider[\"") else { return legacy(text) };
        let (source, after) = rest.split_once("\"]")?;
        let module = calls(before)?;
        let alias = match after {
            "" => None,
            after => Some(after.strip_prefix('.')?.to_string()),
        };
        // What once said no source is one of `hashicorp`.
        let source = match short(source).strip_prefix("-/") {
            Some(name) => short(&full(name)).to_string(),
            None => short(source).to_string(),
        };
        Some(ProviderName { module, source, alias })
    }

    /// Gives the source with its host, as JSON outputs name a provider.
    pub fn full_source(&self) -> String {
        full(&self.source)
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.module {
            write!(out, "module.{name}.")?;
        }
        write!(out, "provider[\"{}\"]", full(&self.source))?;
        self.alias.as_ref().map_or(Ok(()), |alias| write!(out, ".{alias}"))
    }
}

/// Reads a name as Terraform before 0.13 wrote it: `module.m.provider.google.eu`.
pub(super) fn legacy(text: &str) -> Option<ProviderName> {
    let (before, rest) = match text.strip_prefix("provider.") {
        Some(rest) => ("", rest),
        None => text.split_once(".provider.")?,
    };
    let module = calls(before)?;
    let (name, alias) = match rest.split_once('.') {
        Some((name, alias)) => (name, Some(alias.to_string())),
        None => (rest, None),
    };
    let plain = |text: &str| !text.is_empty() && !text.contains(['.', '/', '"', '[']);
    let whole = plain(name) && alias.as_deref().is_none_or(plain);
    whole.then(|| ProviderName { module, source: short(&full(name)).to_string(), alias })
}

/// Reads the module calls before a provider's name.
fn calls(text: &str) -> Option<Vec<String>> {
    let mut module = Vec::new();
    let mut words = text.split_terminator('.');
    while let Some(word) = words.next() {
        let name = words.next().filter(|_| word == "module")?;
        module.push(name.to_string());
    }
    Some(module)
}

/// Gives a source without a host that goes without saying.
pub fn short(source: &str) -> &str {
    let host = SAME.iter().find_map(|host| source.strip_prefix(host)?.strip_prefix('/'));
    host.unwrap_or(source)
}

/// Gives a source with its host: `hashicorp/google` and `google` get the usual one.
pub fn full(source: &str) -> String {
    match source {
        "terraform" | "hashicorp/terraform" | "builtin/terraform" | BUILTIN => BUILTIN.to_string(),
        _ => match source.matches('/').count() {
            0 => format!("{HOST}/hashicorp/{source}"),
            1 => format!("{HOST}/{source}"),
            _ => source.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_what_it_writes() {
        for text in [
            "provider[\"registry.terraform.io/hashicorp/google\"]",
            "provider[\"registry.terraform.io/hashicorp/google\"].eu",
            "module.a.module.b.provider[\"example.com/x/y\"]",
            "provider[\"terraform.io/builtin/terraform\"]",
        ] {
            let name = ProviderName::parse(text).unwrap();

            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn names_of_before_there_were_sources_are_of_hashicorp() {
        for (old, new) in [
            ("provider.google", "provider[\"registry.terraform.io/hashicorp/google\"]"),
            (
                "module.m.provider.google.eu",
                "module.m.provider[\"registry.terraform.io/hashicorp/google\"].eu",
            ),
            (
                "provider[\"registry.terraform.io/-/google\"].eu",
                "provider[\"registry.terraform.io/hashicorp/google\"].eu",
            ),
            ("provider.terraform", "provider[\"terraform.io/builtin/terraform\"]"),
        ] {
            assert_eq!(ProviderName::parse(old).unwrap().to_string(), new);
        }
    }

    #[test]
    fn text_of_another_form_is_no_name() {
        for text in ["", "provider.", "provider.a.b.c", "provider[\"x\"]y", "a.b.provider[\"x\"]"] {
            assert_eq!(ProviderName::parse(text), None, "{text}");
        }
    }
}
