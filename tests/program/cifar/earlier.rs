//! Networks of earlier runs, ablations, presets, and wrong inputs.

use super::*;

#[test]
fn a_proxy_keeps_the_examples_with_the_largest_losses() {
    let photographs = colours(CifarKind::Cifar10, 40, 3);
    let config = Cifar { layer_depths: vec![8; 4], cutout: OrNone(Some(6)), ..Cifar::default() };
    let problem =
        PhotoClassification { augmentation: config.augmentation(), ..PhotoClassification::new(photographs) };
    let seen = |examples: &[usize]| {
        let shard = Shard::of(examples);
        let mut x = problem.pictures.colors(examples);
        problem.augmentation.colors(&mut x, examples, &shard);
        problem.pictures.normalize(&mut x);
        problem.augmentation.inputs(&mut x, &mut Tensor::zeros(&[examples.len(), 10]), examples, &shard);
        x
    };
    let model = config.network();
    let examples: Vec<usize> = (0..40).rev().collect();
    let logits = model.forward(&seen(&examples), &mut Pass::inference());
    let targets: Tensor = one_hot(&problem.pictures.labels_of(&examples), 10, 0.0);
    let losses = cross_entropy(&logits, &targets);
    let mut sorted = losses.as_slice().to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let wrong = examples.iter().zip(losses.as_slice()).filter(|&(_, &loss)| loss >= sorted[9]);
    let wrong: Vec<usize> = wrong.map(|(&i, _)| i).collect();

    // The large network gets the same augmented pictures as the proxy.
    let indices: Vec<usize> = wrong.iter().map(|i| 39 - i).collect();
    assert_eq!(seen(&wrong), seen(&examples).gather(0, indices));

    let choosing = PhotoClassification { proxy: Some(Proxy { model, keep: 0.25 }), ..problem };
    assert_eq!(choosing.arrange(&Shard::of(&examples)), wrong);
    assert_eq!(PhotoClassification { proxy: None, ..choosing }.arrange(&Shard::of(&examples)), examples);
}

#[test]
fn the_proxy_is_not_needed_after_training() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let data = at("data");
    write_photographs(CifarKind::Cifar10, Path::new(&data));
    write_photographs(CifarKind::Cifar100, Path::new(&data));
    let unmixed = BRIEF.split(|&option| option == "--mixup").next().unwrap();
    let small = ["--data-dir", &data, "--epochs", "4"];
    run_well(&[unmixed, &small, &["--out", &at("small"), "--quiet"]].concat());

    let weights = at("small/weights.safetensors");
    let with = [unmixed, &small, &["--activation", "gelu", "--proxy", &weights]].concat();
    for (out, more) in [
        ("a", &["--keep", "0.25", "--threads", "1"][..]),
        ("b", &["--keep", "0.25", "--threads", "2"]),
        ("all", &["--keep", "1"]),
    ] {
        run_well(&[&with[..], more, &["--out", &at(out), "--quiet"]].concat());
    }
    assert_same(&files(&dir.path().join("a")), &files(&dir.path().join("b")));
    let histories = ["a", "all"].map(|out| fs::read(dir.path().join(out).join("history.csv")).unwrap());
    assert_ne!(histories[0], histories[1]);

    let of =
        |arguments: &[&str], status| fail(&[&with[..], arguments, &["--out", &at("c")]].concat(), status);
    let message = of(&["--dataset", "cifar100"], 1);
    assert!(message.contains("another data set") && message.lines().count() == 1, "{message}");
    let message = of(&["--mixup", "0.2"], 2);
    assert!(message.contains("leave --mixup"), "{message}");
    let message = of(&["--keep", "0"], 2);
    assert!(message.contains("--keep 0 is not from 0.001 to 1"), "{message}");

    fs::remove_dir_all(dir.path().join("small")).unwrap();
    let message = of(&[], 1);
    assert!(message.contains("cannot read") && message.lines().count() == 1, "{message}");
    let trained = at("a/weights.safetensors");
    run_well(&["cifar", "evaluate", &trained, "--data-dir", &data, "--out", &at("d"), "--quiet"]);
    let metrics = ["a", "d"].map(|out| fs::read(dir.path().join(out).join("metrics.json")).unwrap());
    assert_eq!(metrics[0], metrics[1]);
}

#[test]
fn training_continues_from_earlier_weights() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let data = at("data");
    write_photographs(CifarKind::Cifar10, Path::new(&data));
    write_photographs(CifarKind::Cifar100, Path::new(&data));
    let brief = [&BRIEF[..], &["--data-dir", &data, "--epochs", "2", "--quiet"]].concat();
    run_well(&[&brief[..], &["--out", &at("first")]].concat());
    let first = at("first/weights.safetensors");
    let from_first = [&brief[..], &["--start-from", &first]].concat();

    // A learning rate of 0 keeps the weights, whichever examples are held out of those that the
    // first run held out.
    let still = ["--learning-rate", "0", "--validation", "10", "--out", &at("still")];
    let kept: Vec<&str> = from_first.iter().copied().filter(|&o| o != "--validation" && o != "50").collect();
    run_well(&[&kept[..], &still].concat());
    let weights = |folder: &str| tensors(&dir.path().join(folder));
    assert!(weights("first") == weights("still"));

    let of = |arguments: &[&str]| fail(&[arguments, &["--out", &at("refused")]].concat(), 1);
    let refused = of(&[&from_first[..], &["--seed", "1"]].concat());
    assert!(
        refused.contains("of the 50 examples that are held out") && refused.lines().count() == 1,
        "{refused}"
    );
    let proxy = [&brief[..15], &["--data-dir", &data, "--proxy", &first, "--seed", "1"]].concat();
    assert!(of(&proxy).contains("of the 50 examples that are held out"));
    assert!(of(&[&from_first[..], &["--dataset", "cifar100"]].concat()).contains("another data set"));
    let refused = of(&[&from_first[..], &["--squeeze", "2"]].concat());
    assert!(
        refused.contains("the settings describe a model of") && refused.lines().count() == 1,
        "{refused}"
    );
    assert!(!dir.path().join("refused").exists());

    // Further training does not depend on the number of threads, and its weights do not need the
    // first ones.
    let gelu = [&from_first[..], &["--activation", "gelu"]].concat();
    run_well(&[&gelu[..], &["--threads", "1", "--out", &at("a")]].concat());
    run_well(&[&gelu[..], &["--threads", "2", "--out", &at("b")]].concat());
    assert_same(&files(&dir.path().join("a")), &files(&dir.path().join("b")));
    assert!(weights("a") != weights("first"));
    fs::remove_dir_all(dir.path().join("first")).unwrap();
    let trained = at("a/weights.safetensors");
    run_well(&["cifar", "evaluate", &trained, "--data-dir", &data, "--out", &at("d"), "--quiet"]);
    let metrics = ["a", "d"].map(|out| fs::read(dir.path().join(out).join("metrics.json")).unwrap());
    assert_eq!(metrics[0], metrics[1]);
}

#[test]
fn an_ablation_resumes_after_the_finished_measurements() {
    let dir = tempfile::tempdir().unwrap();
    write_photographs(CifarKind::Cifar10, &dir.path().join("data"));
    let data = dir.path().join("data").display().to_string();
    let out = dir.path().join("out");
    let options = ["--data-dir", &data, "--epochs", "1", "--quiet", "--out"];
    let arguments = [&BRIEF[..1], &["ablation"], &BRIEF[1..], &options, &[out.to_str().unwrap()]].concat();
    run_well(&arguments);
    let whole = files(&out);
    assert_eq!(
        whole.keys().collect::<Vec<_>>(),
        [".results", "ablation.csv", "ablation.json", "ablation.png", "ablation.svg", "config.json"]
    );

    // Finished measurements are not repeated; the others are made.
    let file = out.join("ablation.json");
    let mut known: Vec<serde_json::Value> = serde_json::from_slice(&whole["ablation.json"]).unwrap();
    known.truncate(known.len() - 4);
    fs::write(&file, serde_json::to_vec(&known).unwrap()).unwrap();
    fs::remove_file(out.join("ablation.csv")).unwrap();
    run_well(&[&arguments[..], &["--resume"]].concat());
    assert_same(&whole, &files(&out));

    fs::write(&file, "[{").unwrap();
    let message = fail(&[&arguments[..], &["--resume"]].concat(), 1);
    assert!(message.contains("ablation.json") && message.lines().count() == 1, "{message}");
    assert_eq!(fs::read(&file).unwrap(), b"[{");
}

#[test]
fn missing_and_wrong_inputs_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    let out = dir.path().join("out").display().to_string();
    for dataset in ["cifar10", "cifar100"] {
        let message = fail(&["cifar", "--dataset", dataset, "--data-dir", &data, "--out", &out], 1);
        assert!(
            message.contains(&format!("data fetch {dataset}")) && message.lines().count() == 1,
            "{message}"
        );
    }
    let message = fail(&["cifar", "predict", "/no/such.png", "--weights", "/no/such/weights"], 1);
    assert!(message.contains("cannot read /no/such/weights"), "{message}");
    for (options, why) in [
        (&["--layer-depths", "8"][..], "--layer-kernel-sizes has 4 values, but --layer-depths 1"),
        (&["--layer-depths", "8,8,12,16"], "--norm-groups 8 does not divide the depth 12"),
        (&["--norm-groups", "none"], "--norm-groups none needs --residual none"),
        (&["--squeeze", "100"], "--squeeze 100 leaves no channel of the depth 32"),
        (&["--stochastic-depth", "1"], "--stochastic-depth 1 is not from 0 to 0.99"),
        (&["--jitter", "2"], "--jitter 2 is not from 0 to 1"),
        (&["--mixup", "1e12"], "--mixup 1000000000000 is not from"),
        (&["--last-rate", "1e9"], "--last-rate 1000000000 is not from 0 to 1000000"),
        (&["--epochs", "0"], "--epochs 0 is not from 1"),
        (&["--dataset", "cifar1000"], "cifar100"),
    ] {
        let message = fail(&[&["cifar", "--data-dir", &data, "--out", &out], options].concat(), 2);
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn the_committed_results_belong_to_the_presets() {
    for (folder, preset, dataset) in [
        ("cifar10-quick", Preset::Quick, CifarKind::Cifar10),
        ("cifar10-standard", Preset::Standard, CifarKind::Cifar10),
        ("cifar10-record", Preset::Record, CifarKind::Cifar10),
        ("cifar100-standard", Preset::Standard, CifarKind::Cifar100),
        ("cifar100-record", Preset::Record, CifarKind::Cifar100),
    ] {
        let text = fs::read_to_string(format!("assignments/4-cifar/{folder}/config.json")).unwrap();
        let mut settings: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(settings.as_object_mut().unwrap().remove("command"), Some("cifar".into()));
        let committed: Cifar = serde_json::from_value(settings).unwrap();
        assert_eq!(committed, Cifar { preset, dataset, ..Cifar::default() }.preset().unwrap(), "{folder}");
    }
}

#[test]
fn presets_have_goals_and_options_override_them() {
    let goal = |preset: Preset, dataset: CifarKind| {
        let goals = Cifar { preset, dataset, ..Cifar::default() }.goals();
        goals.first().map(|goal| match *goal {
            Goal::AtLeast(name, value) | Goal::AtMost(name, value) => (name, value),
        })
    };
    assert_eq!(goal(Preset::Quick, CifarKind::Cifar10), Some(("test_top1", 0.85)));
    assert_eq!(goal(Preset::Record, CifarKind::Cifar100), Some(("test_top5", 0.93)));
    assert_eq!(goal(Preset::Quick, CifarKind::Cifar100), None);
    let epochs = |dataset| Cifar { dataset, ..Cifar::default() }.preset().unwrap().epochs;
    assert_eq!((epochs(CifarKind::Cifar10), epochs(CifarKind::Cifar100)), (24, 20));

    let dir = tempfile::tempdir().unwrap();
    write_photographs(CifarKind::Cifar10, dir.path());
    let (data, out) = (dir.path().display().to_string(), dir.path().join("out").display().to_string());
    let own = ["--preset", "quick", "--epochs", "1", "--data-dir", &data, "--out", &out, "--quiet"];
    run_well(&[&BRIEF[..], &own].concat());
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("out/config.json")).unwrap()).unwrap();
    assert_eq!((&config["preset"], &config["epochs"]), (&"quick".into(), &1.into()));
    assert_eq!(config["layer_depths"], serde_json::json!([8, 8, 16]));
}
