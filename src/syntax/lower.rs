//! From hcl-edit's tree to ours.
//!
//! Names, numbers and strings are taken from the source by their spans, since the parser's own values
//! have lost digits and escapes. What the parser takes and the language does not is refused here.

use hcl_edit::Span as _;
use hcl_edit::expr as from;
use hcl_edit::structure;

use crate::diag::{Diagnostic, FileId, Span};

use super::doubt::{ends_early, is_doubtful};
use super::literal::Quoting;
use super::mend::parse_mended;
use super::parse::Parser;
use super::scan::number_length;
use super::template::Form;
use super::tree::{
    Attribute, BinaryOp, Block, Body, Expr, ExprKind, For, Ident, Item, Part, UnaryOp,
};

/// How many attributes and indexes may follow one another; each is a level of the tree.
const STEPS: usize = 256;

/// One text on its way to a tree.
pub(super) struct Lowering<'a> {
    pub(super) id: FileId,
    /// The file's name, for messages that speak of a second place.
    pub(super) name: &'a str,
    /// The whole file's text, where `text` is only a piece of it.
    pub(super) whole_text: Option<&'a str>,
    /// The text that is parsed; ranges of the parser are ranges of it.
    pub(super) text: &'a str,
    /// What is added to a place in `text` to have the place in the file.
    shift: i64,
    /// What was found wrong.
    pub(super) problems: Vec<Diagnostic>,
    /// Whether the parser may have read what the language does not allow.
    pub(super) doubtful: bool,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(id: FileId, name: &'a str, text: &'a str, shift: i64) -> Self {
        Lowering { id, name, whole_text: None, text, shift, problems: Vec::new(), doubtful: false }
    }

    /// Gives the span of a range of the parsed text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        super::shifted(self.id, self.shift, start, end)
    }

    fn range_span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        let range = range.unwrap_or(0..0);
        self.span(range.start, range.end)
    }

    fn source(&self, range: Option<std::ops::Range<usize>>) -> &'a str {
        range.and_then(|range| self.text.get(range)).unwrap_or("")
    }

    /// Lowers the text as a file. What is refused, or may have been read otherwise than the language has it, is read
    /// by our own parser: it gives the problems and all that is sound.
    pub(super) fn file(&mut self) -> Body {
        if let Some(body) = self.sound_file() {
            return body;
        }
        let mut parser = self.parser();
        let body = parser.file();
        self.problems = parser.problems;
        body
    }

    /// Lowers the text as a file without fault.
    pub(super) fn sound_file(&mut self) -> Option<Body> {
        let body = parse_mended(self.text, hcl_edit::parser::parse_body).ok()?;
        let body = self.body(&body, 0, self.text.len(), 0);
        (self.is_sound() && !is_doubtful(self.text)).then_some(body)
    }

    fn is_sound(&self) -> bool {
        self.problems.is_empty() && !self.doubtful
    }

    fn parser(&self) -> Parser<'a> {
        Parser::new(self.id, self.name, self.text, self.shift).within(self.whole_text)
    }

    /// Lowers the text as one expression that stands in parentheses.
    pub(super) fn sound_expression(&mut self) -> Option<Expr> {
        let expr = parse_mended(self.text, hcl_edit::parser::parse_expr).ok()?;
        let expr = self.expr(&expr);
        self.is_sound().then_some(expr)
    }

    /// Lowers the text as a template.
    pub(super) fn lone_template(&mut self) -> Vec<Part> {
        if let Ok(template) = parse_mended(self.text, hcl_edit::parser::parse_template) {
            let parts = self.parts(&template, Form::File);
            if self.is_sound() {
                return parts;
            }
        }
        let mut parser = self.parser();
        let parts = parser.bare_template();
        self.problems = parser.problems;
        parts
    }

    /// Lowers a body that lies at `start..end`; `open` is its opening brace, empty for a file.
    fn body(&mut self, body: &structure::Body, start: usize, end: usize, open: usize) -> Body {
        let mut attributes = Vec::new();
        let mut blocks = Vec::new();
        for item in body {
            match item {
                structure::Structure::Attribute(attribute) => {
                    attributes.push(self.attribute(attribute))
                }
                structure::Structure::Block(block) => blocks.push(self.block(block)),
            }
        }
        Body { attributes, blocks, span: self.span(start, end), end: self.span(open, start) }
    }

    fn attribute(&mut self, attribute: &structure::Attribute) -> Attribute {
        let name = self.ident(&attribute.key);
        let expr = self.expr(&attribute.value);
        let span = name.span.to(expr.span);
        Attribute { name, expr, span }
    }

    fn block(&mut self, block: &structure::Block) -> Block {
        let range = block.span().unwrap_or(0..0);
        let kind_range = block.ident.span().unwrap_or(range.clone());
        let kind = self.ident(&block.ident);
        let mut header_end = kind_range.end;
        let mut labels = Vec::new();
        for label in &block.labels {
            let label_range = label.span().unwrap_or(0..0);
            header_end = header_end.max(label_range.end);
            labels.push(match label {
                structure::BlockLabel::Ident(ident) => self.ident(ident),
                structure::BlockLabel::String(_) => {
                    let text = self.literal(
                        label_range.start + 1,
                        label_range.end.saturating_sub(1),
                        Quoting::Label,
                    );
                    Ident { text, span: self.span(label_range.start, label_range.end) }
                }
            });
        }
        let rest = self.text.get(header_end..range.end).unwrap_or("");
        let open = header_end + rest.find('{').map_or(0, |brace| brace + 1);
        let close = range.end.saturating_sub(1).max(open);
        let mut body = self.body(&block.body, open, close, open.saturating_sub(1));
        let rest = self.text.get(open..close).unwrap_or("");
        let before = rest.find(|letter: char| !matches!(letter, ' ' | '\t'));
        let one_line = before.is_some_and(|at| !rest[at..].starts_with(['\n', '\r', '#']))
            && !before.is_some_and(|at| rest[at..].starts_with("//"));
        if let (true, Some(first)) = (one_line, body.attributes.first()) {
            body.end = Span { end: first.span.start + 1, ..first.span };
        }
        let header = self.span(kind_range.start, header_end);
        Block { kind, labels, body, header, span: self.span(range.start, range.end) }
    }

    /// Lowers a name.
    pub(super) fn ident(&self, ident: &hcl_edit::Decorated<hcl_edit::Ident>) -> Ident {
        let text = self.source(ident.span()).to_string();
        Ident { text, span: self.range_span(ident.span()) }
    }

    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &from::Expression) -> Expr {
        let range = expr.span().unwrap_or(0..0);
        let span = self.span(range.start, range.end);
        let kind = match expr {
            from::Expression::Null(_) => ExprKind::Null,
            from::Expression::Bool(value) => ExprKind::Bool(*value.value()),
            from::Expression::Number(_) => return self.number(range),
            from::Expression::String(_) => {
                let (start, end) = (range.start + 1, range.end.saturating_sub(1));
                let text = self.literal(start, end, Quoting::Quoted);
                let place = self.span(start, end);
                let empty = text.is_empty();
                ExprKind::Template(if empty {
                    Vec::new()
                } else {
                    vec![Part::Literal(text, place)]
                })
            }
            from::Expression::StringTemplate(template) => {
                ExprKind::Template(self.parts(template, Form::Quoted))
            }
            from::Expression::HeredocTemplate(heredoc) => {
                ExprKind::Template(self.heredoc(heredoc, range))
            }
            from::Expression::Array(array) => {
                self.doubt_loop(array.iter().next().and_then(hcl_edit::Span::span));
                ExprKind::Tuple(array.iter().map(|element| self.expr(element)).collect())
            }
            from::Expression::Object(object) => {
                self.doubt_loop(object.iter().next().and_then(|(key, _)| key_range(key)));
                ExprKind::Object(object.iter().map(|(key, value)| self.item(key, value)).collect())
            }
            from::Expression::Parenthesis(inner) => {
                ExprKind::Parens(Box::new(self.expr(inner.inner())))
            }
            from::Expression::Variable(name) => {
                ExprKind::Name(self.source(name.span()).to_string())
            }
            from::Expression::Conditional(conditional) => ExprKind::Conditional(
                Box::new(self.expr(&conditional.cond_expr)),
                Box::new(self.expr(&conditional.true_expr)),
                Box::new(self.expr(&conditional.false_expr)),
            ),
            from::Expression::FuncCall(call) => self.call(call),
            from::Expression::Traversal(traversal) => {
                let source = self.expr(&traversal.expr);
                return self.traversal(source, &traversal.operators);
            }
            from::Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    from::UnaryOperator::Neg => UnaryOp::Negate,
                    from::UnaryOperator::Not => UnaryOp::Not,
                };
                ExprKind::Unary(operator, Box::new(self.expr(&operation.expr)))
            }
            from::Expression::BinaryOp(operation) => {
                let operator = binary(*operation.operator.value());
                let left = Box::new(self.expr(&operation.lhs_expr));
                let right = Box::new(self.expr(&operation.rhs_expr));
                let span = left.span.to(right.span);
                return Expr { kind: ExprKind::Binary(operator, left, right), span };
            }
            from::Expression::ForExpr(expr) => ExprKind::For(Box::new(self.for_expr(expr))),
        };
        Expr { kind, span }
    }

    /// Lowers a number as written; the parser takes a minus sign for a part of it.
    fn number(&mut self, range: std::ops::Range<usize>) -> Expr {
        let span = self.span(range.start, range.end);
        let source = self.source(Some(range.clone()));
        let unsigned = range.start + source.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let written = self.text.get(unsigned..).map_or(0, number_length);
        self.doubtful |= unsigned + written != range.end;
        let Some(rest) = source.strip_prefix('-') else {
            return Expr { kind: ExprKind::Number(source.to_string()), span };
        };
        let digits = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
        let start = range.end - digits.len();
        let inner =
            Expr { kind: ExprKind::Number(digits.to_string()), span: self.span(start, range.end) };
        Expr { kind: ExprKind::Unary(UnaryOp::Negate, Box::new(inner)), span }
    }

    fn heredoc(
        &mut self,
        heredoc: &hcl_edit::template::HeredocTemplate,
        range: std::ops::Range<usize>,
    ) -> Vec<Part> {
        let source = self.source(Some(range.clone()));
        let form = if source.starts_with("<<-") { Form::Indented } else { Form::Heredoc };
        self.doubtful |= ends_early(source);
        let after = self.text.get(range.end..).unwrap_or("");
        let after = after.trim_start_matches([' ', '\t', '\r']);
        if !after.starts_with('\n') {
            let detail = "No closing marker was found for the string.";
            let span = self.span(range.end, range.end + 1);
            self.problems
                .push(Diagnostic::error("Unterminated template string", detail).at(span, ""));
        }
        self.parts(&heredoc.template, form)
    }

    fn item(&mut self, key: &from::ObjectKey, value: &from::ObjectValue) -> Item {
        let literal = |lowering: &Self, range: Option<std::ops::Range<usize>>| {
            let span = lowering.range_span(range.clone());
            let text = lowering.source(range).to_string();
            Expr { kind: ExprKind::Template(vec![Part::Literal(text, span)]), span }
        };
        let (key, bare) = match key {
            from::ObjectKey::Ident(name) => {
                (literal(self, name.span().or_else(|| key_range(key))), true)
            }
            from::ObjectKey::Expression(
                word @ (from::Expression::Null(_) | from::Expression::Bool(_)),
            ) => (literal(self, word.span()), true),
            from::ObjectKey::Expression(expr) => (self.expr(expr), false),
        };
        Item { key, bare, value: self.expr(value.expr()) }
    }

    fn call(&mut self, call: &from::FuncCall) -> ExprKind {
        let first = call.name.namespace.first().unwrap_or(&call.name.name);
        let range = match (first.span(), call.name.name.span()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        };
        let mut words: Vec<String> = Vec::new();
        for word in call.name.namespace.iter().chain([&call.name.name]) {
            words.push(self.source(word.span()).to_string());
        }
        let name = Ident { text: words.join("::"), span: self.span(range.start, range.end) };
        let arguments = call.args.iter().map(|argument| self.expr(argument)).collect();
        ExprKind::Call { name, arguments, expand: call.args.expand_final() }
    }

    /// Looks for words of a `for` that run into what follows: `for x inlist`, which the parser takes apart.
    pub(super) fn doubt_for(
        &mut self,
        first: &hcl_edit::Decorated<hcl_edit::Ident>,
        collection: &from::Expression,
        condition: Option<&from::Expression>,
    ) {
        let starts = [first.span(), collection.span(), condition.and_then(hcl_edit::Span::span)];
        self.doubt_words(starts.into_iter().flatten());
    }

    /// Looks for words that run into what follows them.
    pub(super) fn doubt_words(&mut self, starts: impl IntoIterator<Item = std::ops::Range<usize>>) {
        let glued = |at: usize| {
            let continues = |letter: Option<char>| letter.is_some_and(super::continues_name);
            let (before, after) = (self.text.get(..at), self.text.get(at..));
            continues(before.and_then(|text| text.chars().next_back()))
                && continues(after.and_then(|text| text.chars().next()))
        };
        self.doubtful = self.doubtful || starts.into_iter().any(|range| glued(range.start));
    }

    /// Looks at the first word in brackets: whatever follows, Terraform takes `for` for the begin of a loop.
    fn doubt_loop(&mut self, first: Option<std::ops::Range<usize>>) {
        let rest = first.and_then(|range| self.text.get(range.start..));
        let rest = rest.and_then(|text| text.strip_prefix("for"));
        self.doubtful |= rest.is_some_and(|text| !text.starts_with(super::continues_name));
    }

    fn for_expr(&mut self, expr: &from::ForExpr) -> For {
        let first = expr.intro.key_var.as_ref().unwrap_or(&expr.intro.value_var);
        let condition = expr.cond.as_ref().map(|condition| &condition.expr);
        self.doubt_for(first, &expr.intro.collection_expr, condition);
        For {
            key_name: expr.intro.key_var.as_ref().map(|name| self.ident(name)),
            value_name: self.ident(&expr.intro.value_var),
            collection: self.expr(&expr.intro.collection_expr),
            key: expr.key_expr.as_ref().map(|key| self.expr(key)),
            value: self.expr(&expr.value_expr),
            condition: expr.cond.as_ref().map(|condition| self.expr(&condition.expr)),
            group: expr.grouping,
        }
    }

    /// Applies the steps of a traversal one after the other.
    fn traversal(
        &mut self,
        mut source: Expr,
        steps: &[hcl_edit::Decorated<from::TraversalOperator>],
    ) -> Expr {
        if steps.len() > STEPS {
            let detail = format!(
                "References are read with up to {STEPS} steps. Give parts of this one names as local values."
            );
            let problem = Diagnostic::error("Invalid syntax", detail);
            self.problems.push(problem.at(source.span, ""));
            return source;
        }
        let mut after_number = false;
        for (place, step) in steps.iter().enumerate() {
            let range = step.span().unwrap_or(0..0);
            let step_span = self.span(range.start, range.end);
            let span = source.span.to(step_span);
            let was_number = std::mem::take(&mut after_number);
            source = match step.value() {
                from::TraversalOperator::GetAttr(name) => {
                    let name = self.ident(name);
                    Expr { kind: ExprKind::Attribute(Box::new(source), name), span }
                }
                from::TraversalOperator::Index(index) => {
                    let index = self.expr(index);
                    Expr { kind: ExprKind::Index(Box::new(source), Box::new(index)), span }
                }
                from::TraversalOperator::LegacyIndex(_) => {
                    after_number = true;
                    let index = self.legacy_index(range, was_number);
                    Expr { kind: ExprKind::Index(Box::new(source), Box::new(index)), span }
                }
                from::TraversalOperator::FullSplat(_) => {
                    self.doubtful |= self.source(step.span()).contains('\n');
                    let element = Expr { kind: ExprKind::Each, span };
                    let each = self.traversal(element, &steps[place + 1..]);
                    return splat(source, each, false);
                }
                from::TraversalOperator::AttrSplat(_) => {
                    let rest = &steps[place + 1..];
                    let own = rest.iter().take_while(|step| {
                        use from::TraversalOperator::{GetAttr, LegacyIndex};
                        matches!(step.value(), GetAttr(_) | LegacyIndex(_))
                    });
                    let (own, rest) = rest.split_at(own.count());
                    self.refuse_nested_splat(rest);
                    let element = Expr { kind: ExprKind::Each, span };
                    let each = self.traversal(element, own);
                    return self.traversal(splat(source, each, true), rest);
                }
            };
        }
        source
    }

    fn refuse_nested_splat(&mut self, rest: &[hcl_edit::Decorated<from::TraversalOperator>]) {
        let Some(step) = rest.first() else { return };
        if matches!(step.value(), from::TraversalOperator::AttrSplat(_)) {
            let range = step.span().unwrap_or(0..0);
            let span = self.span(range.end.saturating_sub(1), range.end);
            let detail = "A splat expression (*) cannot be used inside another attribute-only splat \
                          expression.";
            let problem = Diagnostic::error("Nested splat expression not allowed", detail);
            self.problems.push(problem.at(span, ""));
        }
    }

    fn legacy_index(&mut self, range: std::ops::Range<usize>, chained: bool) -> Expr {
        let source = self.source(Some(range.clone()));
        let digits = source.trim_start_matches(|c: char| !c.is_ascii_digit());
        let start = range.end - digits.len();
        if chained {
            let before = self.text[..range.start].rfind(|c: char| !c.is_ascii_digit());
            let first = before.map_or(0, |at| at + 1);
            let indexes = format!("[{}][{digits}]", &self.text[first..range.start]);
            let span = self.span(first, range.end);
            let detail = format!(
                "When using the legacy index syntax, chaining two indexes together is not permitted. Use \
                 the proper index syntax instead, like {indexes}."
            );
            self.problems
                .push(Diagnostic::error("Invalid legacy index syntax", detail).at(span, ""));
        }
        Expr { kind: ExprKind::Number(digits.to_string()), span: self.span(start, range.end) }
    }
}

fn splat(source: Expr, each: Expr, dotted: bool) -> Expr {
    let span = source.span.to(each.span);
    Expr { kind: ExprKind::Splat { source: Box::new(source), each: Box::new(each), dotted }, span }
}

fn key_range(key: &from::ObjectKey) -> Option<std::ops::Range<usize>> {
    key.span()
}

fn binary(operator: from::BinaryOperator) -> BinaryOp {
    use from::BinaryOperator as Op;
    match operator {
        Op::Eq => BinaryOp::Equal,
        Op::NotEq => BinaryOp::NotEqual,
        Op::LessEq => BinaryOp::LessOrEqual,
        Op::GreaterEq => BinaryOp::GreaterOrEqual,
        Op::Less => BinaryOp::Less,
        Op::Greater => BinaryOp::Greater,
        Op::Plus => BinaryOp::Add,
        Op::Minus => BinaryOp::Subtract,
        Op::Mul => BinaryOp::Multiply,
        Op::Div => BinaryOp::Divide,
        Op::Mod => BinaryOp::Remainder,
        Op::And => BinaryOp::And,
        Op::Or => BinaryOp::Or,
    }
}
