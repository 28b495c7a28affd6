//! Rust source code in colour.

use maud::{Markup, html};
use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};

/// Words that the language reserves, except the types `Self`, `bool`, ... and the literals `true` and `false`.
const KEYWORDS: [&str; 37] = [
    "as",
    "async",
    "await",
    "break",
    "const",
    "continue",
    "crate",
    "dyn",
    "else",
    "enum",
    "extern",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro_rules",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "type",
    "union",
    "unsafe",
    "use",
    "where",
    "while",
];

const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16", "u32",
    "u64", "u8", "usize",
];

/// The text as HTML, each token of a kind that has a colour in a `span` of a class of one letter:
/// `c`omment, `d`ocumentation, `k`eyword, `s`tring, `n`umber, `t`ype, `f`unction or macro, `l`ifetime.
pub(super) fn highlighted(text: &str) -> Markup {
    let mut rest = text;
    let tokens = tokenize(text, FrontmatterAllowed::No).map(|token| {
        let (word, after) = rest.split_at(token.len as usize);
        rest = after;
        (class(token.kind, word, after), word)
    });
    html! {
        @for (class, word) in tokens {
            @if let Some(class) = class { span class=(class) { (word) } } @else { (word) }
        }
    }
}

fn class(kind: TokenKind, word: &str, after: &str) -> Option<&'static str> {
    match kind {
        TokenKind::LineComment { doc_style } | TokenKind::BlockComment { doc_style, .. } => {
            Some(if doc_style.is_some() { "d" } else { "c" })
        }
        TokenKind::Literal { kind: LiteralKind::Int { .. } | LiteralKind::Float { .. }, .. } => Some("n"),
        TokenKind::Literal { .. } => Some("s"),
        TokenKind::Lifetime { .. } | TokenKind::RawLifetime => Some("l"),
        TokenKind::Ident => class_of_word(word, after),
        _ => None,
    }
}

fn class_of_word(word: &str, after: &str) -> Option<&'static str> {
    let is_macro = after.starts_with('!') && !after.starts_with("!=");
    if KEYWORDS.contains(&word) {
        Some("k")
    } else if word == "true" || word == "false" {
        Some("n")
    } else if PRIMITIVES.contains(&word) || word.starts_with(char::is_uppercase) {
        Some("t")
    } else if is_macro || after.starts_with('(') || after.starts_with("::<") {
        Some("f")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_their_colours_and_the_text_is_escaped_and_complete() {
        let html = highlighted("/// <b>\npub fn f<'a>(x: &'a u8) -> Vec<u8> { g!(\"</pre>\", 1.5) } // c")
            .into_string();
        for part in [
            r#"<span class="d">/// &lt;b&gt;</span>"#,
            r#"<span class="k">pub</span>"#,
            r#"f&lt;<span class="l">'a</span>&gt;(x: "#,
            r#"<span class="t">Vec</span>&lt;<span class="t">u8</span>&gt;"#,
            r#"<span class="f">g</span>!(<span class="s">&quot;&lt;/pre&gt;&quot;</span>"#,
            r#"<span class="n">1.5</span>"#,
            r#"<span class="c">// c</span>"#,
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        let broken = "fn ( \"never ends";
        assert!(highlighted(broken).into_string().ends_with("never ends</span>"));
    }
}
