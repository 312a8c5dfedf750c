//! The command line on the small data set: what it writes and how it exits.

use std::collections::BTreeMap;
#[cfg(unix)]
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Stdio;
use std::process::{Command, Output};

/// Interrupted runs exit as shells have it for SIGINT.
#[cfg(unix)]
const INTERRUPTED: i32 = 130;

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/engine").join(name);
    path.to_string_lossy().into_owned()
}

/// A folder of its own for one test, empty.
fn out_folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(test);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
        _ => folder,
    }
}

fn command(embedding: &str, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featurescope"));
    let (expression, sets) = (fixture("small.h5ad"), fixture("sets.gmt"));
    command
        .args(["run", "--expression", &expression, "--embedding", embedding, "--gene-sets", &sets, "--out"])
        .arg(out);
    command
}

fn run(embedding: &str, out: &Path, extra: &[&str]) -> Output {
    command(embedding, out).args(extra).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SMALL: [&str; 8] = ["--hidden", "4", "--k", "2", "--lr", "0.01", "--batch", "40"];

#[test]
fn a_run_writes_every_file_and_loads_its_own_weights() {
    let out = out_folder("whole");
    let output = run("obsm/X_latent", &out, &[&SMALL[..], &["--epochs", "100", "--seed", "1"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let files = [
        "sae/cfg.json",
        "sae/sae_weights.safetensors",
        "feature_statistics.csv",
        "differential_expression.parquet",
        "enrichment.csv",
        "label_association.csv",
    ];
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["files"], serde_json::json!(files));
    assert_eq!(summary["is_complete"], true);
    assert!(summary["sae"]["explained_variance"].as_f64().unwrap() > 0.9);
    let enrichment = std::fs::read_to_string(out.join("enrichment.csv")).unwrap();
    assert!(enrichment.contains("MARKERS_OF_A"), "{enrichment}");

    let again = out_folder("again");
    let output = run("obsm/X_latent", &again, &["--weights", &out.join("sae").to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    for name in &files[2..] {
        assert_eq!(std::fs::read(out.join(name)).unwrap(), std::fs::read(again.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn a_run_by_suggested_settings_says_how_good_it_is() {
    let out = out_folder("quality");
    let options =
        ["--variant", "batch-topk", "--epochs", "60", "--hold-out-by", "condition", "--quality", "--no-tables"];
    let output = run("obsm/X_latent", &out, &options);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let quality: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("quality.json")).unwrap()).unwrap();
    assert_eq!(
        quality["training"]["n_cells"].as_u64().unwrap() + quality["held_out"]["n_cells"].as_u64().unwrap(),
        240
    );
    assert!(quality["training"]["explained_variance"].as_f64().unwrap() > 0.5, "{quality}");
    let output = run("obsm/X_latent", &out, &["--weights", "identity", "--quality", "csv", "--no-tables"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let table = std::fs::read_to_string(out.join("quality.csv")).unwrap();
    assert!(table.starts_with("cells,measure,value\nall,n_cells,240\n"), "{table}");
    assert!(!table.contains("held_out") && !out.join("quality.json").exists(), "{table}");
}

#[test]
fn training_options_that_make_no_sense_are_refused() {
    let out = out_folder("training_options");
    for (options, text) in [
        (&["--variant", "gated", "--k", "3"][..], "--k belongs to --variant topk, batch-topk, matryoshka"),
        (&["--hold-out-by", "donor"], "--hold-out-by: there is no label column \"donor\""),
        (&["--warm-up", "1.5"], "The warm-up share must be between 0 and 1, not 1.5"),
        (&["--patience", "3", "--hold-out", "0"], "patience needs held-out cells"),
        (&["--weights", "identity", "--plain"], "cannot be used with"),
        (&["--resume", "x.fsrun", "--k", "3"], "cannot be used with"),
    ] {
        let output = run("obsm/X_latent", &out, options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", errors(&output));
        assert!(errors(&output).to_lowercase().contains(&text.to_lowercase()), "{options:?}: {}", errors(&output));
    }
    let sets = fixture("sets.gmt");
    let output = run("obsm/X_latent", &out, &["--resume", &sets]);
    assert!(errors(&output).contains("--resume: \"sets.gmt\" holds gene sets"), "{}", errors(&output));
}

#[test]
fn gsea_is_written_where_it_is_asked_for() {
    let out = out_folder("gsea");
    let options = ["--epochs", "100", "--seed", "1", "--positives", "active", "--gsea", "all", "--gsea-rank", "welch"];
    let output = run("obsm/X_latent", &out, &[&SMALL[..], &options].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let table = std::fs::read_to_string(out.join("gsea.csv")).unwrap();
    assert!(table.starts_with("feature,set,size,es,nes,log10_p,padj,log2err,leading_edge\n"), "{table:.200}");
    assert!(table.contains(",RESPONSE,12,"), "{table}");
    let summary = std::fs::read_to_string(out.join("summary.json")).unwrap();
    assert!(summary.contains("\"gsea.csv\""), "{summary}");

    let weights = out.join("sae").to_string_lossy().into_owned();
    let again = out_folder("gsea_columns");
    let options = ["--weights", &weights, "--positives", "active", "--gsea", "0,1", "--gsea-convention", "fgsea"];
    let output = run("obsm/X_latent", &again, &options);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let table = std::fs::read_to_string(again.join("gsea.csv")).unwrap();
    assert!(table.starts_with("feature,pathway,pval,padj,log2err,ES,NES,size,leadingEdge\n"), "{table:.200}");
    let output = run("obsm/X_latent", &again, &["--weights", &weights, "--gsea", "4"]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    assert!(errors(&output).contains("feature 4 does not exist; there are features 0 to 3"), "{}", errors(&output));
    let output = run("obsm/X_latent", &again, &["--mode", "paper", "--gsea", "0"]);
    assert!(errors(&output).contains("--gsea belongs to --mode sound"), "{}", errors(&output));
}

#[test]
fn paper_mode_writes_the_papers_tables() {
    let out = out_folder("paper");
    let output =
        run("obsm/X_latent", &out, &[&SMALL[..], &["--epochs", "100", "--seed", "1", "--mode", "paper"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let enrichment = std::fs::read_to_string(out.join("go_enrichment_results.csv")).unwrap();
    assert!(enrichment.contains("MARKERS_OF_B"), "{enrichment}");
    assert!(out.join("differential_expression.csv").exists() && !out.join("enrichment.csv").exists());
}

/// Any grouping of cells can be tested: here the scores of the reference cells, one column a feature.
#[test]
fn scores_given_as_they_are_are_tested_as_scipy_does_on_any_number_of_threads() {
    let sound = |name: &str| format!("{}/tests/fixtures/sound/{name}", env!("CARGO_MANIFEST_DIR"));
    let scores = |threads: &str| {
        let out = out_folder(&format!("identity{threads}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_featurescope"));
        command.args(["run", "--expression", &sound("kang_500.h5ad"), "--embedding", &sound("scores.npy")]);
        command.args(["--gene-sets", &sound("sets.gmt"), "--weights", "identity", "--csv", "--threads", threads]);
        command.args(["--positives", "active", "--min-log2fc", "0", "--min-cells", "1", "--min-genes", "1"]);
        command.args(["--labels-column", "cell_type", "--out"]).arg(&out);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        out
    };
    let (one, two) = (scores("1"), scores("2"));
    for name in ["differential_expression.csv.gz", "differential_expression.parquet", "enrichment.csv"] {
        assert_eq!(std::fs::read(one.join(name)).unwrap(), std::fs::read(two.join(name)).unwrap(), "{name}");
    }
    let found = std::fs::read_to_string(one.join("enrichment.csv")).unwrap();
    let expected = std::fs::read_to_string(sound("ora.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(expected.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    let n_significant = rows.filter(|row| row["padj_feature"].parse::<f64>().unwrap() < 0.05).count();
    assert_eq!(found.lines().count(), 1 + n_significant);
    let first = found.lines().find(|line| line.contains("HALLMARK_INTERFERON_ALPHA_RESPONSE,up")).unwrap();
    assert!(first.starts_with("0,"), "{first}");
    let labels = std::fs::read_to_string(one.join("label_association.csv")).unwrap();
    assert!(labels.contains("\n1,cell_type,CD14+ Monocytes,1.0,1.0,0.0,local,false\n"), "{labels}");
}

#[test]
fn cell_ids_that_agree_once_cut_are_joined_where_it_is_asked_for() {
    let out = out_folder("cut_ids");
    std::fs::create_dir_all(&out).unwrap();
    let labels = out.join("batches.csv");
    let rows: Vec<String> = (0..240).map(|n| format!("s1_cell{n:03},{}\n", n % 2)).collect();
    std::fs::write(&labels, format!("cell,batch\n{}", rows.concat())).unwrap();
    let labels = labels.to_string_lossy();
    let extra = ["--weights", "identity", "--no-tables", "--labels", &labels];
    let refused = run("obsm/X_latent", &out, &extra);
    assert_eq!(refused.status.code(), Some(2), "{}", errors(&refused));
    let said = "join them by the shortened ids; nothing was joined yet. To join them so, give --trim-ids.";
    assert!(errors(&refused).contains(said), "{}", errors(&refused));
    let joined = run("obsm/X_latent", &out, &[&extra[..], &["--trim-ids"]].concat());
    assert_eq!(joined.status.code(), Some(0), "{}", errors(&joined));
    let said = "were joined with the cells by id without \"s1_\" at the beginning of the file's ids, as you asked.";
    assert!(errors(&joined).contains(said), "{}", errors(&joined));
}

#[test]
fn the_matrix_is_chosen_and_one_that_is_not_there_is_refused() {
    let out = out_folder("matrix");
    std::fs::create_dir_all(&out).unwrap();
    let cells = out.join("cells.h5ad");
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/h5ad/anndata_0_12_csr_raw.h5ad.gz");
    let mut unpacked = flate2::read::GzDecoder::new(std::fs::File::open(packed).unwrap());
    std::io::copy(&mut unpacked, &mut std::fs::File::create(&cells).unwrap()).unwrap();
    let run = |extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_featurescope"));
        command.args(["run", "--embedding", "obsm/X_pca", "--weights", "identity", "--no-tables", "--expression"]);
        command.arg(&cells).arg("--out").arg(&out).args(extra).output().unwrap()
    };
    let raw = run(&["--matrix", "raw/X"]);
    assert_eq!(raw.status.code(), Some(0), "{}", errors(&raw));
    assert!(errors(&raw).contains("Opened cells: 12 cells, 8 genes of raw/X"), "{}", errors(&raw));
    let summary = std::fs::read_to_string(out.join("summary.json")).unwrap();
    assert!(summary.contains("\"read\": \"raw/X\""), "{summary}");
    let x = run(&[]);
    assert!(errors(&x).contains("12 cells, 6 genes of X"), "{}", errors(&x));
    let refused = run(&["--matrix", "layers/spliced"]);
    assert_eq!(refused.status.code(), Some(2), "{}", errors(&refused));
    let said = "has no matrix \"layers/spliced\"; choose one of those it has: \"X\", \"raw/X\", \"layers/counts\"";
    assert!(errors(&refused).contains(said), "{}", errors(&refused));
}

/// Cells of `small.h5ad` by type and condition; see the fixture's README for what is planted.
#[test]
fn groups_are_compared_and_paths_followed() {
    let out = out_folder("groups");
    let groups = ["--compare", "condition:treated,control", "--lineage", "cell_type:A,B"];
    let output = run("obsm/X_latent", &out, &[&SMALL[..], &["--epochs", "100", "--seed", "1"], &groups].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let found = std::fs::read_to_string(out.join("differential_features.csv")).unwrap();
    let head = "feature,mean_a,mean_b,frac_a,frac_b,difference,t,df,log10_p,padj,cohens_d\n";
    assert!(found.starts_with(head), "{found}");
    let number = |line: &str, at: usize| line.split(',').nth(at).unwrap().parse::<f64>().unwrap();
    let treated = found.lines().skip(1).max_by(|a, b| number(a, 6).total_cmp(&number(b, 6))).unwrap();
    assert!(number(treated, 9) < 1e-20 && number(treated, 10) > 1.0, "{found}");
    let lineage = std::fs::read_to_string(out.join("lineage.csv")).unwrap();
    assert!(lineage.starts_with("feature,direction,change,mean_lineage,mean_others,mean A,mean B\n"), "{lineage}");

    let none = run("obsm/X_latent", &out, &["--compare", "condition:treated,nobody"]);
    assert_eq!(none.status.code(), Some(2));
    let text = r#"--compare: column "condition" has no category "nobody"; it has ["control", "treated"]"#;
    assert!(errors(&none).contains(text), "{}", errors(&none));
    let short = run("obsm/X_latent", &out, &["--lineage", "cell_type:A"]);
    assert!(short.status.code() == Some(2) && errors(&short).contains("at least 2 categories"), "{}", errors(&short));
}

#[test]
fn an_embedding_file_is_trained_on() {
    let out = out_folder("npy");
    let output = run(&fixture("other_latent.npy"), &out, &[&SMALL[..], &["--epochs", "2"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let config = std::fs::read_to_string(out.join("sae/cfg.json")).unwrap();
    assert!(config.contains("\"featurescope_embedding\": \"other_latent\""), "{config}");
}

#[test]
fn an_ending_in_capitals_is_an_ending() {
    let out = out_folder("capitals");
    std::fs::create_dir_all(&out).unwrap();
    let embedding = out.join("EMB.NPY");
    std::fs::copy(fixture("other_latent.npy"), &embedding).unwrap();
    let output = run(&embedding.to_string_lossy(), &out, &[&SMALL[..], &["--epochs", "2"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[test]
fn what_a_person_should_know_is_printed() {
    let output = run(&fixture("other_latent.npy"), &out_folder("notices"), &[&SMALL[..], &["--epochs", "2"]].concat());
    assert!(errors(&output).contains("Warning: ") && errors(&output).contains("order of the cells"), "{output:?}");
    let narrow = [&SMALL[..], &["--epochs", "2", "--min-genes", "400"]].concat();
    let output = run("obsm/X_latent", &out_folder("narrow"), &narrow);
    assert!(errors(&output).contains("Warning: None of the 6 gene sets"), "{output:?}");
}

#[test]
fn fewer_cells_than_a_usual_batch_are_one_batch() {
    let output = run("obsm/X_latent", &out_folder("batch"), &["--hidden", "4", "--k", "2", "--epochs", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[test]
fn results_of_an_earlier_run_do_not_stay() {
    let out = out_folder("former");
    let extra = [&SMALL[..], &["--epochs", "2"]].concat();
    assert_eq!(run("obsm/X_latent", &out, &extra).status.code(), Some(0));
    std::fs::write(out.join("mine.csv"), "kept").unwrap();
    let mut without_sets = Command::new(env!("CARGO_BIN_EXE_featurescope"));
    let small = fixture("small.h5ad");
    without_sets.args(["run", "--expression", &small, "--embedding", "obsm/X_latent"]).args(extra);
    let output = without_sets.arg("--out").arg(&out).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(!out.join("enrichment.csv").exists() && out.join("mine.csv").exists());
}

#[test]
fn weights_read_the_embedding_that_is_given_unless_they_name_another() {
    let out = out_folder("weights");
    assert_eq!(run("obsm/X_latent", &out, &[&SMALL[..], &["--epochs", "2"]].concat()).status.code(), Some(0));
    let folder = out.join("sae");
    let weights = folder.to_string_lossy().into_owned();
    let output = run(&fixture("other_latent.npy"), &out_folder("other"), &["--weights", &weights]);
    let expected = r#"cfg.json says these weights read "X_latent"; --embedding is "other_latent""#;
    assert!(errors(&output).contains(expected), "{}", errors(&output));
    let output = run("obsm/nowhere", &out_folder("other"), &["--weights", &weights]);
    assert!(errors(&output).contains("There is no embedding \"nowhere\""), "{}", errors(&output));
    let config = std::fs::read_to_string(folder.join("cfg.json")).unwrap();
    std::fs::write(folder.join("cfg.json"), config.replace("featurescope_embedding", "nothing_of_ours")).unwrap();
    let output = run(&fixture("other_latent.npy"), &out_folder("other"), &["--weights", &weights]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[test]
fn weights_written_for_other_libraries_are_loaded_again() {
    let start = out_folder("libraries");
    assert_eq!(run("obsm/X_latent", &start, &[&SMALL[..], &["--epochs", "20"]].concat()).status.code(), Some(0));
    let mut weights = start.join("sae").to_string_lossy().into_owned();
    for (library, file) in [("sparsify", "sae.safetensors"), ("dictionary-learning", "ae.pt")] {
        let out = out_folder(library);
        let output = run("obsm/X_latent", &out, &["--weights", &weights, "--save-weights", library]);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(out.join("sae").join(file).is_file());
        let statistics = |folder: &Path| std::fs::read(folder.join("feature_statistics.csv")).unwrap();
        assert!(statistics(&out) == statistics(&start), "{library}");
        weights = out.join("sae").to_string_lossy().into_owned();
    }
    let output = run("obsm/X_latent", &out_folder("none"), &["--weights", &weights, "--save-weights", "scfeaturelens"]);
    assert!(errors(&output).contains("scFeatureLens"), "{}", errors(&output));
}

#[test]
fn wrong_usage_and_wrong_input_exit_with_2_and_a_sentence() {
    let out = out_folder("wrong");
    let (sets, latent) = (fixture("sets.gmt"), fixture("other_latent.npy"));
    let cases: [(&str, &[&str], &str); 11] = [
        ("obsm/X_latent", &["--labels", &sets], "--labels: \"sets.gmt\" holds gene sets; give it with --gene-sets"),
        ("obsm/X_latent", &["--labels", &latent], "give it with --embedding"),
        ("obsm/X_latent", &["--min-genes", "0"], "--min-genes 0"),
        ("obsm/X_latent", &["--lr", "-1"], "The learning rate must be above 0 and at most 1, not -1"),
        ("obsm/X_latent", &["--weights", "nowhere"], "--weights needs cfg.json and sae_weights.safetensors"),
        ("X_latent", &[], "did you mean obsm/X_latent?"),
        ("obsm/X_latent", &["--l1", "0.1"], "--l1 belongs to --variant gated, relu-l1, vanilla"),
        ("obsm/nowhere", &[], "X_latent"),
        ("nowhere.npy", &[], "nowhere.npy"),
        ("obsm/X_latent", &["--batch", "1000"], "1000"),
        ("obsm/X_latent", &["--frobnicate"], "--frobnicate"),
    ];
    for (embedding, extra, expected) in cases {
        let output = run(embedding, &out, extra);
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(errors(&output).contains(expected), "{}", errors(&output));
    }
    let output = run("obsm/X_latent", Path::new(&sets), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("is a file, --out needs a folder"), "{}", errors(&output));
    let output = run(&fixture("too_short.npy"), &out, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("100 rows"), "{}", errors(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_was_learnt() {
    let out = out_folder("interrupted");
    let extra = [&SMALL[..], &["--epochs", "100000"]].concat();
    let mut child = command("obsm/X_latent", &out).args(extra).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("Training")));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(lines.any(|line| line.unwrap().starts_with("Interrupted")));
    assert_eq!(child.wait().unwrap().code(), Some(INTERRUPTED));
    assert!(out.join("sae/sae_weights.safetensors").exists());
    let summary = std::fs::read_to_string(out.join("summary.json")).unwrap();
    assert!(summary.contains("\"is_complete\": false"), "{summary}");
}

#[test]
fn timings_say_each_step_and_tables_can_be_left_out() {
    let out = out_folder("timings");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli/timings.jsonl");
    let extra = ["--no-tables", "--timings", file.to_str().unwrap(), "--gsea", "0", "--weights", "identity"];
    let output = run("obsm/X_latent", &out, &extra);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let lines = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps: Vec<&str> = rows.iter().filter_map(|row| row["step"].as_str()).filter(|step| *step != "other").collect();
    assert_eq!(steps, ["open", "use_columns", "export", "export", "analyse", "gsea", "export"]);
    assert!(rows.iter().all(|row| row["secs"].as_f64().unwrap() >= 0.0));
    assert!(!out.join("differential_expression.parquet").exists() && out.join("gsea.csv").exists());
}

#[test]
fn a_sweep_is_written_and_its_first_run_taken_unless_another_is() {
    let options = ["--epochs", "20", "--sweep", "hidden=4,6", "--sweep", "k=1,2", "--seeds", "2", "--no-tables"];
    let out = out_folder("sweep");
    let output = run("obsm/X_latent", &out, &[&SMALL[..], &options].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(errors(&output).contains("Going on with run 1 (h 4, k 1), the first"), "{}", errors(&output));
    let table = std::fs::read_to_string(out.join("sweep.csv")).unwrap();
    assert_eq!(table.lines().count(), 9, "{table}");
    let statistics = std::fs::read_to_string(out.join("feature_statistics.csv")).unwrap();
    assert!(statistics.lines().next().unwrap().ends_with(",mean_seed_cosine"));
    assert_eq!(statistics.lines().count(), 5);

    let other = out_folder("sweep_take");
    let output = run("obsm/X_latent", &other, &[&SMALL[..], &options, &["--take", "7", "--baselines"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert_eq!(std::fs::read_to_string(other.join("feature_statistics.csv")).unwrap().lines().count(), 7);
    let table = std::fs::read_to_string(other.join("sweep.csv")).unwrap();
    for kind in ["trained", "shuffled", "pca", "ica", "random"] {
        assert!(table.contains(&format!(",{kind},")), "{kind} is missing: {table}");
    }

    let output = run("obsm/X_latent", &other, &[&SMALL[..], &["--sweep", "k=99"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("can't be trained: k must be between 1"), "{}", errors(&output));
}
