//! The nested blocks that files in JSON may have, since JSON does not tell blocks from arguments.

use crate::syntax::Nesting;

/// A block with no others inside.
const fn plain(kind: &'static str, labels: &'static [&'static str]) -> Nesting {
    Nesting { kind, labels, inside: &[], open: false }
}

const fn with(
    kind: &'static str,
    labels: &'static [&'static str],
    inside: &'static [Nesting],
) -> Nesting {
    Nesting { kind, labels, inside, open: false }
}

/// A block that has any arguments.
const fn open(kind: &'static str) -> Nesting {
    Nesting { kind, labels: &[], inside: &[], open: true }
}

const TYPE: &[&str] = &["type"];
const NAME: &[&str] = &["name"];
const BOTH: &[&str] = &["type", "name"];

const LIFECYCLE: Nesting =
    with("lifecycle", &[], &[plain("precondition", &[]), plain("postcondition", &[])]);

const PROVISIONER: Nesting = with("provisioner", TYPE, &[plain("connection", &[])]);

const RESOURCE: &[Nesting] = &[LIFECYCLE, plain("connection", &[]), PROVISIONER];

const DATA: Nesting = with("data", BOTH, RESOURCE);

const FALLBACK: &[Nesting] = &[with("fallback", &[], &[plain("fallback", &[])])];

/// The blocks of a module.
pub(super) const MODULE: &[Nesting] = &[
    with(
        "terraform",
        &[],
        &[
            plain("backend", TYPE),
            with(
                "encryption",
                &[],
                &[
                    plain("key_provider", BOTH),
                    plain("method", BOTH),
                    with("state", &[], FALLBACK),
                    with("plan", &[], FALLBACK),
                ],
            ),
            plain("cloud", &[]),
            open("required_providers"),
            plain("provider_meta", &["provider"]),
        ],
    ),
    // It is told where it belongs.
    open("required_providers"),
    plain("provider", NAME),
    with("variable", NAME, &[plain("validation", &[])]),
    open("locals"),
    with("output", NAME, &[plain("precondition", &[]), plain("postcondition", &[])]),
    plain("module", NAME),
    with("resource", BOTH, RESOURCE),
    DATA,
    with("ephemeral", BOTH, RESOURCE),
    plain("moved", &[]),
    plain("import", &[]),
    with("check", NAME, &[DATA, plain("assert", &[])]),
    with("removed", &[], &[plain("lifecycle", &[]), PROVISIONER]),
];
