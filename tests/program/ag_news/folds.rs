//! Folds, earlier weights, and wrong inputs.

use super::*;
use crate::support::tensors;

#[test]
fn models_are_compared_fold_by_fold() {
    let (dir, data, out) = news();
    let folders = ["good", "bad"].map(|name| dir.path().join(name));
    run_well(&data, &folders[0], &["cross-validate", "--folds", "3", "--model", "linear"]);
    run_well(&data, &folders[1], &["cross-validate", "--folds", "3", "--learning-rate", "0"]);
    let curve = dir.path().join("good-learning-curve");
    run_well(&data, &curve, &["learning-curve", "--folds", "3", "--model", "linear"]);
    let paths = folders.clone().map(|folder| folder.display().to_string());
    let output = run(&data, &out, &["compare", &paths[1], &paths[0]]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let differences = fs::read_to_string(out.join("differences.csv")).unwrap();
    let row = differences.lines().nth(1).unwrap();
    assert!(row.starts_with("good,bad,0."), "{differences}");
    let p: f64 = row.split(',').next_back().unwrap().parse().unwrap();
    assert!(p < 0.05, "{differences}");
    assert_eq!(fs::read_to_string(out.join("comparison.csv")).unwrap().lines().count(), 3);
    for figure in ["comparison.png", "learning-curves.png"] {
        assert!(out.join(figure).exists(), "{figure}");
    }
    run_well(&data, &folders[1], &["cross-validate", "--folds", "3", "--seed", "1"]);
    let message = failure(&data, &out, &["compare", &paths[0], &paths[1]]);
    assert!(message.contains("its folds differ from those of"), "{message}");
}

#[test]
fn folds_resume_where_they_stopped() {
    let (_dir, data, out) = news();
    let folds = |more: &[&str]| {
        run(&data, &out, &[&["cross-validate"], &BRIEF[..], &["--folds", "3"], more].concat())
    };
    assert!(folds(&[]).status.success());
    let whole = fs::read(out.join("metrics.json")).unwrap();
    // One fold is finished, the next is trained but not evaluated, and the last one has not begun.
    fs::remove_file(out.join("fold-1.json")).unwrap();
    fs::remove_file(out.join("fold-2.json")).unwrap();
    fs::remove_file(out.join("checkpoint/fold-2.safetensors")).unwrap();
    assert!(folds(&["--resume"]).status.success());
    assert_eq!(fs::read(out.join("metrics.json")).unwrap(), whole);
    let other = folds(&["--resume", "--seed", "1"]);
    assert_eq!(other.status.code(), Some(1));
    let message = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(message.contains("config.json: it belongs to another run: leave --resume away"), "{message}");
}

#[test]
fn a_nested_choice_takes_the_learning_rate_that_learns() {
    let (_dir, data, out) = news();
    run_well(
        &data,
        &out,
        &["cross-validate", "--fold", "1", "--folds", "3", "--nested", "0", "0.03", "--model", "linear"],
    );
    let fold = json(&out.join("fold-1.json"));
    assert_eq!((&fold["learning_rate"], &fold["number"]), (&0.03.into(), &1.into()), "{fold}");
}

#[test]
fn leaving_out_ngrams_changes_the_model() {
    let (_dir, data, out) = news();
    for model in ["linear", "embeddings"] {
        let losses = ["0", "0.5"].map(|dropout| {
            run_well(&data, &out, &["--model", model, "--dropout", dropout]);
            fs::read_to_string(out.join("history.csv")).unwrap()
        });
        assert_ne!(losses[0], losses[1], "{model}");
    }
}

#[test]
fn training_continues_from_earlier_weights() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out, further) = (dir.path().join("data"), dir.path().join("out"), dir.path().join("further"));
    write_news(&data);
    run_well(&data, &out, &[]);
    let earlier = out.join("weights.safetensors").display().to_string();
    // A learning rate of 0 keeps the weights.
    run_well(&data, &further, &["--start-from", &earlier, "--learning-rate", "0"]);
    assert!(tensors(&out) == tensors(&further));
    // Evaluating weights does not need those that training started from.
    let evaluated = further.join("weights.safetensors").display().to_string();
    fs::remove_file(&earlier).unwrap();
    run_with(&data, &dir.path().join("evaluated"), &["evaluate", &evaluated]);
    run_well(&data, &out, &["--model", "linear"]);
    let message = failure(&data, &further, &[&BRIEF[..], &["--start-from", &earlier]].concat());
    assert!(message.contains("weights are of another model"), "{message}");

    let output = run(&data, &further, &["cross-validate", "--start-from", &earlier]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && message.contains("would be held out"), "{message}");
}

#[test]
fn two_models_are_evaluated_together() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out, other) = (dir.path().join("data"), dir.path().join("out"), dir.path().join("other"));
    let together = dir.path().join("together");
    write_news(&data);
    run_well(&data, &out, &[]);
    // The second model is untrained.
    run_with(&data, &other, &[&BRIEF[..], &["--model", "linear", "--learning-rate", "0"]].concat());
    let [weights, beside] =
        [&out, &other].map(|folder| folder.join("weights.safetensors").display().to_string());
    run_with(&data, &together, &["evaluate", &weights, "--with", &beside]);
    let [own, others, both] =
        [&out, &other, &together].map(|folder| json(&folder.join("metrics.json"))["metrics"].clone());
    assert_eq!(both["test_accuracy"], own["test_accuracy"]);
    assert_eq!(both["test_accuracy_beside"], others["test_accuracy"]);
    assert_ne!(both["test_accuracy_beside"], own["test_accuracy"]);
    assert_eq!(both["test_accuracy_together"], own["test_accuracy"], "an untrained model changes nothing");
    run_with(&data, &together, &["evaluate", &beside, "--with", &weights]);
    let both = json(&together.join("metrics.json"))["metrics"].clone();
    assert_eq!(both["test_accuracy_together"], own["test_accuracy"]);
    assert_eq!(both["test_accuracy"], others["test_accuracy"]);

    let message = failure(&data, &together, &["evaluate", &weights, "--with", "/no/such"]);
    assert!(message.contains("cannot read /no/such") && message.lines().count() == 1, "{message}");
    for (training, why) in [(&["cross-validate"][..], "would be held out"), (&[], "--with is for evaluate")] {
        let output = run(&data, &together, &[training, &["--with", &beside]].concat());
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && message.contains(why), "{message}");
    }
}

#[test]
fn single_folds_together_equal_one_run_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let (data, all) = (dir.path().join("data"), dir.path().join("all"));
    write_news(&data);
    run_well(&data, &all, &["cross-validate", "--folds", "3", "--threads", "2"]);
    let metrics = json(&all.join("metrics.json"));
    assert!(metrics["metrics"]["cv_accuracy_mean"].as_f64().unwrap() > 0.7, "{metrics}");
    assert!(metrics["metrics"]["cv_accuracy_std"].is_number());

    let folders = ["0", "1", "2"].map(|fold| dir.path().join(fold));
    for (fold, folder) in folders.iter().enumerate() {
        run_well(
            &data,
            folder,
            &["cross-validate", "--fold", &fold.to_string(), "--folds", "3", "--threads", "1"],
        );
        let name = format!("fold-{fold}.json");
        assert_eq!(fs::read(folder.join(&name)).unwrap(), fs::read(all.join(&name)).unwrap());
    }
    let joined = dir.path().join("joined");
    let paths = folders.clone().map(|folder| folder.display().to_string());
    // The order of the folders does not matter.
    let output = run(&data, &joined, &["collect", &paths[2], &paths[0], &paths[1]]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["cross-validation.csv", "metrics.json"] {
        assert_eq!(fs::read(joined.join(name)).unwrap(), fs::read(all.join(name)).unwrap(), "{name}");
    }

    let collect = |paths: &[&str]| failure(&data, &joined, &[&["collect"], paths].concat());
    assert!(collect(&[&paths[0], &paths[2]]).contains("fold 1 of 3 is not in "));
    assert!(collect(&[&paths[0], &paths[0]]).contains("fold 0 is also in"));
    assert!(collect(&[&data.display().to_string()]).contains("there is no fold-K.json"));
    run_well(&data, &folders[1], &["cross-validate", "--fold", "1", "--folds", "3", "--seed", "1"]);
    assert!(collect(&[&paths[0], &paths[1], &paths[2]]).contains("its settings differ from those of"));
    fs::write(folders[1].join("fold-1.json"), "{}").unwrap();
    assert!(collect(&[&paths[1]]).contains("not a fold"));
    // There is no mean over no folds.
    let text = fs::read_to_string(folders[0].join("fold-0.json")).unwrap();
    fs::write(folders[1].join("fold-1.json"), text.replace("\"folds\": 3", "\"folds\": 0")).unwrap();
    assert!(collect(&[&paths[1]]).contains("not a fold: number 0 of 0"));
}

#[test]
fn an_error_names_the_line_of_a_bad_row() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    assert!(failure(&data, &out, &[]).contains("there is no train.csv"));
    write_news(&data);
    let path = data.join("ag_news/train.csv");
    let text = fs::read_to_string(&path).unwrap().replace("\"2\",\"The coach\"", "\"7\",\"The coach\"");
    fs::write(&path, text).unwrap();
    let message = failure(&data, &out, &[]);
    assert!(message.contains("train.csv: line 6: the class is \"7\", not from 1 to 4"), "{message}");
}

#[test]
fn a_learning_rate_that_diverges_is_never_chosen() {
    let (_dir, data, out) = news();
    let fold = ["cross-validate", "--fold", "0", "--folds", "2", "--buckets", "256", "--epochs", "2"];
    // Without weight decay, weights overflow 16 bits although every loss is finite.
    let fold = [&fold[..], &["--batch-size", "16", "--weight-decay", "0"]].concat();
    for rates in [["0.05", "100000"], ["100000", "0.05"]] {
        run_with(&data, &out, &[&fold[..], &["--nested"], &rates].concat());
        assert_eq!(json(&out.join("fold-0.json"))["learning_rate"], 0.05, "{rates:?}");
    }
    let none = failure(&data, &out, &[&fold[..], &["--nested", "100000", "1e6"]].concat());
    assert!(none.contains("learning rate"), "{none}");
}

#[test]
fn a_table_larger_than_memory_is_refused() {
    let (_dir, data, out) = news();
    if Path::new("/proc/meminfo").exists() {
        let message = failure(&data, &out, &["--buckets", "16777216", "--width", "4096"]);
        assert!(message.contains("it holds 68736270340 parameters"), "{message}");
    }
    run_well(&data, &out, &[]);
    // The file of a small model, with the settings of a huge one.
    let weights = out.join("weights.safetensors");
    let bytes = fs::read(&weights).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    let header = header.replace("\\\"places\\\":1024", "\\\"places\\\":16777216");
    let header = header.replace("\\\"width\\\":8", "\\\"width\\\":4096");
    let mut huge = (header.len() as u64).to_le_bytes().to_vec();
    huge.extend(header.bytes());
    huge.extend(&bytes[8 + length..]);
    fs::write(&weights, huge).unwrap();
    let weights = weights.to_str().unwrap();
    for arguments in [
        vec!["evaluate", weights],
        vec!["evaluate", weights, "--with", weights],
        vec!["--buckets", "1024", "--hidden", "8", "--start-from", weights],
    ] {
        let message = failure(&data, &out, &arguments);
        assert!(
            message.contains("the settings describe a model of ") || message.contains("of another model"),
            "{message}"
        );
    }
}
