use std::time::{Duration, Instant};

use crate::support::{base_tables, fine, integrate, jingwei, number, small_city};

#[test]
fn a_run_killed_at_any_moment_leaves_the_last_version_and_the_next_run_completes() {
    let city = small_city();
    let began = Instant::now();
    integrate(city.path(), &[]);
    let whole = began.elapsed();
    let before = base_tables(city.path());
    let snapshot = "SELECT max(snapshot) FROM ops.runs";
    let first = number(city.path(), snapshot);
    let points = 24;
    let mut killed = 0;
    for point in 0..points {
        let mut run = jingwei(city.path(), &["integrate", "--quiet", "--full"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * point / points + Duration::from_millis(5));
        killed += u32::from(run.try_wait().unwrap().is_none());
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(number(city.path(), "SELECT count(*) FROM people") > 0.0);
        assert!(number(city.path(), snapshot) >= first);
    }
    assert!(killed >= points / 2, "only {killed} of {points} runs were still at work when they were killed");
    assert!(before == base_tables(city.path()), "killed runs changed what readers see");
    assert!(fine(city.path(), &["history"]).contains("interrupted"));
    integrate(city.path(), &["--full"]);
    assert!(before == base_tables(city.path()), "the run after the killed ones gives something else");
}

#[test]
fn a_first_run_that_is_killed_leaves_nothing_and_the_next_one_completes() {
    let city = small_city();
    let mut run = jingwei(city.path(), &["integrate", "--quiet"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(number(city.path(), "SELECT count(*) FROM people"), 0.0);
    integrate(city.path(), &[]);
    assert!(number(city.path(), "SELECT count(*) FROM people") > 0.0);
}
