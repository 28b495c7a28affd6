//! Undoing the damage that crawling did to the texts, and splitting texts into words.

/// The text without crawling artefacts. Character references such as ` #39;`, ` quot;` and `&lt;`,
/// most of which have lost their `&`, are replaced by their characters; tags and backslashes become
/// spaces; runs of spaces become one space.
pub fn clean(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        if first == '\\' {
            plain.push(' ');
        } else if let Some((found, meant)) = reference(&plain, rest) {
            // A space has replaced the lost ampersand.
            if first != '&' && plain.ends_with(' ') {
                plain.pop();
            }
            plain.push_str(&meant);
            length = found;
        } else {
            plain.push(first);
        }
        rest = &rest[length..];
    }
    without_tags(&plain).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The length of the character reference at the start of `text`, and its characters. A named
/// reference without its ampersand counts only after a space or at the start of the whole text,
/// whose part before `text` is `before`.
fn reference(before: &str, text: &str) -> Option<(usize, String)> {
    let bare = text.strip_prefix('&');
    if bare.is_none() && !(before.is_empty() || before.ends_with(' ')) && !text.starts_with('#') {
        return None;
    }
    let name = bare.unwrap_or(text);
    let end = name.bytes().take(8).position(|byte| byte == b';')?;
    let meant = match name[..end].strip_prefix('#') {
        Some(number) => numbered(number)?.to_string(),
        None => named(&name[..end])?.to_string(),
    };
    Some((text.len() - name.len() + end + 1, meant))
}

/// The character of a numeric reference. The numbers from 128 to 159 are Windows-1252 characters,
/// as in browsers.
fn numbered(number: &str) -> Option<char> {
    let number: u32 = number.parse().ok()?;
    Some(match number {
        133 => '…',
        145 | 146 => '\'',
        147 | 148 => '"',
        149 => '•',
        150 => '–',
        151 => '—',
        160 => ' ',
        _ => char::from_u32(number).filter(|c| !c.is_control())?,
    })
}

/// The character of a named reference.
fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "quot" | "ldquo" | "rdquo" => "\"",
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "nbsp" => " ",
        "hellip" => "…",
        "lsquo" | "rsquo" => "'",
        "mdash" => "—",
        "ndash" => "–",
        _ => return None,
    })
}

/// The text with each `<tag ..>` or `</tag>` replaced by a space.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        plain.push_str(before);
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        if let Some(end) = tag.find('>').filter(|_| is_tag) {
            plain.push(' ');
            rest = &tag[end + 1..];
        } else {
            plain.push('<');
            rest = &tag[1..];
        }
    }
    plain + rest
}

/// The words of a text in lower case: the longest runs of letters and digits, where apostrophes are
/// removed first.
pub fn words(text: &str) -> Vec<String> {
    let joined: String = text.chars().filter(|c| !matches!(c, '\'' | '’')).collect();
    let lower = joined.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_their_characters() {
        assert_eq!(clean("company #39;s  quot;big quot; day"), "company's \"big\" day");
        assert_eq!(clean("&lt;b&gt;...&lt;/b&gt; ends"), "... ends");
        assert_eq!(clean("cost \\$799.99\\and more"), "cost $799.99 and more");
        assert_eq!(clean("Q amp;A, a #151;b &amp; #36;5"), "Q&A, a—b &$5");
    }

    #[test]
    fn other_text_is_unchanged() {
        for text in
            ["a < b > c", "hash #tag; done", "equal; more", "égalité; #0; &unknown;", "naïve &", "#99999999;"]
        {
            assert_eq!(clean(text), text);
        }
        assert_eq!(clean("  \\ "), "");
    }

    #[test]
    fn words_are_lower_case_and_without_apostrophes() {
        let found = words("Don't panic: U.S. oil-price UP 2.4%");
        assert_eq!(found, ["dont", "panic", "u", "s", "oil", "price", "up", "2", "4"]);
    }
}
