use std::collections::BTreeSet;
use std::fs;

use super::collect::{Anchors, WriteUp};
use super::*;

const KNOWN: [&str; 3] = ["sine-regression", "spirals", "mnist"];

/// The report of these folders.
fn report(from: &[PathBuf], wanted: &[&str]) -> Result<String, Error> {
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let request =
        Request { data_dir: Path::new("nowhere"), known: &KNOWN, wanted: &wanted, from, source: false };
    page::render(&collect::collect(&request)?)
}

/// Writes a run of `spirals` with a figure.
fn make_run(folder: &Path) {
    let write = |name: &str, text: &str| files::write(&folder.join(name), text.as_bytes()).unwrap();
    write(
        "config.json",
        r#"{"command": "spirals", "action": {"name": "evaluate", "weights": "w<1>", "weights_sha256": "abc"},
            "seed": 7, "activation": "<script>alert(1)</script>", "widths": [64, 32]}"#,
    );
    write(
        "metrics.json",
        r#"{"command": "spirals", "seed": 7, "metrics": {"a\"b<i>": 0.123456789, "parameters": 8577.0},
            "targets": [{"metric": "parameters", "goal": "<= 1000", "value": 8577.0, "met": false}]}"#,
    );
    write("run.json", r#"{"wall_seconds": 151.4, "threads": 2, "cpu": "A & B"}"#);
    write("seeds.csv", "seed,train_accuracy\n0,0.123456\n");
    write("fit <b>.svg", FIGURE);
    write("previous/config.json", "not looked at");
}

const FIGURE: &str = r##"<svg width="60" height="20" viewBox="0 0 240 80" xmlns="http://www.w3.org/2000/svg">
<text x="1" y="2" dy="0.5ex" fill="#333333">
a &lt; b
</text>
<circle cx="1" cy="1" r="3" opacity="1" fill="none" stroke="#0072B2"/></svg>"##;

/// The values of an attribute, in order.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(&format!(" {attribute}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Checks that elements are closed in order, that ids are unique, that links lead to them, and that
/// nothing is loaded.
fn check(html: &str) {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("tags end");
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta", "img", "br", "hr"].contains(&name) {
            open.push(name);
        }
        assert!(!["script", "iframe", "object", "link"].contains(&name), "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    let all = values(html, "id");
    let ids: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(ids.len(), all.len(), "an id is there twice");
    for link in values(html, "href").into_iter().filter_map(|link| link.strip_prefix('#')) {
        assert!(ids.contains(link), "#{link} leads nowhere");
    }
    assert!(values(html, "src").iter().all(|address| address.starts_with("data:image/")));
}

#[test]
fn a_run_is_shown_whole_escaped_and_always_the_same() {
    let dir = tempfile::tempdir().unwrap();
    make_run(&dir.path().join("runs/a"));
    let html = report(&[dir.path().join("runs")], &[]).unwrap();
    check(&html);
    for part in [
        "runs/a</h4>",
        "Seed 7. 2 min 31 s on 2 threads of A &amp; B.",
        "<dt>activation</dt><dd>&lt;script&gt;alert(1)&lt;/script&gt;</dd>",
        "<dd>64,32</dd>",
        "<dt>w&lt;1&gt;</dt><dd><code>abc</code>",
        "a&quot;b&lt;i&gt;",
        "0.123457",
        "8,577",
        "≤ 1000",
        "<caption><code>seeds.csv</code></caption>",
        "<td class=\"number\">0.1235</td>",
        "missed",
        "aria-label=\"fit &lt;b&gt;\"",
        ">a &lt; b</text>",
        "<circle cx=\"1\"",
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
    let twice = [dir.path().join("runs"), dir.path().join("runs/a")];
    assert_eq!(report(&twice, &["spirals"]).unwrap(), html);
}

#[test]
fn what_is_no_run_is_one_error_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (run, out) = (dir.path().join("run"), dir.path().join("out"));
    let broken = [
        ("metrics.json", "{", "metrics.json: not the metrics of a run: "),
        (
            "metrics.json",
            r#"{"command": "mnist", "metrics": {}}"#,
            "it is of mnist, but config.json is of spirals",
        ),
        ("metrics.json", r#"{"command": "spirals", "metrics": {"x": null}}"#, "x is no number"),
        ("config.json", r#"{"command": "chess"}"#, "chess is no assignment: it is one of sine-regression, "),
        ("config.json", "[]", "config.json: not the settings of a run: "),
        ("config.json", "{}", "it names no command"),
        ("run.json", "{}", "run.json: not the times of a run: missing field `wall_seconds`"),
        ("seeds.csv", "a,b\n1\n", "seeds.csv: not a table: "),
        ("loss.png", "no picture", "loss.png: neither a PNG nor a JPEG file"),
        ("loss.svg", "<svg", "loss.svg: not an SVG: "),
    ];
    for (name, text, expected) in broken {
        make_run(&run);
        if name == "config.json" {
            fs::remove_file(run.join("metrics.json")).unwrap();
        }
        files::write(&run.join(name), text.as_bytes()).unwrap();
        let from = [run.clone()];
        let request =
            Request { known: &KNOWN, wanted: &[], from: &from, data_dir: dir.path(), source: false };
        let error = write(&request, &out).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected) && message.lines().count() == 1, "{message}");
        assert_eq!(error.exit_status(), 1);
        fs::remove_dir_all(&run).unwrap();
    }
    fs::create_dir(&run).unwrap();
    let message = |from: &Path, wanted: &[&str]| report(&[from.into()], wanted).unwrap_err().to_string();
    assert!(
        message(&run, &[]).ends_with("run is no folder of a run: there is no config.json in it or below it")
    );
    assert!(message(&run.join("absent"), &[]).starts_with("cannot read"));
    make_run(&run);
    assert!(message(&run, &["mnist"]).starts_with("there is no run of mnist"));
    assert!(!out.exists());
}

#[test]
fn local_copies_of_data_are_compared_with_the_official_files() {
    let dir = tempfile::tempdir().unwrap();
    make_run(&dir.path().join("run"));
    files::write(&dir.path().join("run/metrics.json"), br#"{"command": "mnist", "metrics": {}}"#).unwrap();
    files::write(&dir.path().join("run/config.json"), br#"{"command": "mnist"}"#).unwrap();
    let labels = "t10k-labels-idx1-ubyte.gz";
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist").join(labels);
    files::write(&dir.path().join("mnist").join(labels), &fs::read(committed).unwrap()).unwrap();
    files::write(&dir.path().join("mnist/train-labels-idx1-ubyte.gz"), b"abc").unwrap();
    let from = [dir.path().join("run")];
    let request = Request { known: &KNOWN, wanted: &[], from: &from, data_dir: dir.path(), source: false };
    let html = page::render(&collect::collect(&request).unwrap()).unwrap();
    check(&html);
    // The SHA-256 of "abc", FIPS 180-2, appendix B.1.
    let other = "other file: <code>ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad</code>";
    for (part, count) in [("<span class=\"met\">verified</span>", 1), (other, 1), ("</code> not here", 2)] {
        assert_eq!(html.matches(part).count(), count, "{part}");
    }
}

#[test]
fn vectors_that_the_program_did_not_draw_are_kept_apart_from_the_page() {
    let dir = tempfile::tempdir().unwrap();
    make_run(dir.path());
    let shown = |svg: &str| {
        files::write(&dir.path().join("fit <b>.svg"), svg.as_bytes()).unwrap();
        report(&[dir.path().into()], &[]).unwrap()
    };
    let is_inline = |html: &str| html.contains(">a &lt; b</text>");
    assert!(is_inline(&shown(FIGURE)));
    for (own, other) in [
        ("<text", "<script>alert(1)</script><text"),
        ("<text", "<style>body { display: none }</style><text"),
        ("<text", "<a href=\"https://example.org\"/><text"),
        ("<text", "<!-- a comment --><text"),
        ("<text x", "<text id=\"goals\" x"),
        ("<text x", "<text onclick=\"alert(1)\" x"),
        ("<text x", "<text style=\"position:fixed\" x"),
        ("fill=\"none\"", "fill=\"URL(https://example.org/a)\""),
        ("<text", "<image href=\"https://example.org/a.png\"/><text"),
        ("<svg ", "<svg onload=\"alert(1)\" "),
        ("width=\"60\" ", ""),
    ] {
        assert!(FIGURE.contains(own));
        let html = shown(&FIGURE.replacen(own, other, 1));
        check(&html);
        assert!(!is_inline(&html) && html.contains("<img src=\"data:image/svg+xml;base64,"), "{other}");
    }
}

#[test]
fn a_write_up_keeps_to_the_page() {
    let dir = tempfile::tempdir().unwrap();
    files::write(&dir.path().join("a/fit.svg"), FIGURE.as_bytes()).unwrap();
    let text = "# 2 Spirals & <co>\n\n## What *did* not work?\n\n<script>alert(1)</script>\n\nx <b>y</b>\n\n\
        ![Fit \"1\"](a/fit.svg)\n\n*All `points` < 3.*\n\n[web](https://example.org/?a&b) [up](#what-did-not-work) \
        [down](#nowhere) [code](../src/x.rs) [bad](javascript:alert(1))\n\n![one](a/fit.svg)\n![two](https://x.org/y.png)\n\n\
        | a | b |\n| - | -: |\n| 1 | 2 |\n\n## What did not work?\n\n* *text*\n";
    let write_up = WriteUp { folder: dir.path().into(), text: text.into() };
    let rendered = write_up::render(&write_up, "spirals", &Anchors::default()).unwrap();
    assert_eq!(rendered.title.unwrap(), "2 Spirals & <co>");
    let ids: Vec<&str> = rendered.chapters.iter().map(|heading| heading.id.as_str()).collect();
    assert_eq!(ids, ["spirals.what-did-not-work", "spirals.what-did-not-work-1"]);
    let html = rendered.body.into_string();
    check(&html);
    for part in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "x &lt;b&gt;y&lt;/b&gt;",
        "aria-label=\"Fit &quot;1&quot;\"",
        "<figcaption>All <code>points</code> &lt; 3.</figcaption>",
        "<a href=\"https://example.org/?a&amp;b\">web</a> <a href=\"#spirals.what-did-not-work\">up</a>",
        "down code bad",
        "<figcaption>one</figcaption>",
        "<p>[two]</p>",
        "<div class=\"scroll\"><table>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn the_committed_runs_make_a_whole_report() {
    let all = ["sine-regression", "spirals", "mnist", "cifar", "ag-news", "attention", "siren"];
    let wanted = all.map(str::to_owned);
    let data_dir = Path::new("nowhere");
    let request = Request { known: &all, wanted: &wanted, from: &[], data_dir, source: true };
    let collection = collect::collect(&request).unwrap();
    let html = page::render(&collection).unwrap();
    check(&html);
    for (i, assignment) in collection.assignments.iter().enumerate() {
        let command = &assignment.command;
        assert!(assignment.runs.iter().any(|run| !run.checksums.is_empty()), "{command}");
        assert!(html.contains(&format!("id=\"{command}-source\"")), "{command}");
        // Every picture and table in the folder is in the page once.
        let folder = format!("{}/assignments/{}-{command}", env!("CARGO_MANIFEST_DIR"), i + 1);
        let mut folders = vec![PathBuf::from(folder)];
        while let Some(folder) = folders.pop() {
            folders.extend(
                run::entries(&folder).unwrap().into_iter().map(|(_, path)| path).filter(|p| p.is_dir()),
            );
            let figures = figure::Figure::all_in(&folder).unwrap().into_iter().map(|figure| figure.path);
            let tables = table::Table::all_in(&folder, &folder).unwrap().into_iter().map(|table| table.path);
            for path in figures.chain(tables) {
                let id = collection.anchors.get(&path).expect("an anchor");
                let count = html.matches(&format!(" id=\"{id}\"")).count();
                assert_eq!(count, 1, "{}", path.display());
            }
        }
    }
    assert_eq!(collection.assignments.len(), all.len());
}
