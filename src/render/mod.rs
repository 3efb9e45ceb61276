//! Any of it to text, JSON, Markdown, HTML.
