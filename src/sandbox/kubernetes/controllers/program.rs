//! What containers do: the sandbox's stand-ins for the programs that people run.

/// What a collect-static Job writes into a bucket: name, content type, content.
pub const STATIC_FILES: &[(&str, &str, &str)] = &[
    ("static/admin/css/base.css", "text/css", "body { margin: 0; }\n"),
    ("static/admin/js/core.js", "text/javascript", "'use strict';\n"),
    ("static/rest_framework/css/default.css", "text/css", "h1 { font-weight: 500; }\n"),
    ("static/rest_framework/js/default.js", "text/javascript", "'use strict';\n"),
    ("static/polls/style.css", "text/css", "li a { color: green; }\n"),
];
