use crate::support::{base_tables, integrate, small_city};

#[test]
fn one_thread_and_two_threads_give_the_same_base_tables() {
    let city = small_city();
    let config = std::fs::read_to_string(city.path().join("config/jingwei.toml")).unwrap();
    let threads = |count: u32| {
        let mut table: toml::Table = config.parse().unwrap();
        let run = table.entry("run").or_insert_with(|| toml::Table::new().into());
        run.as_table_mut().unwrap().insert("threads".into(), i64::from(count).into());
        city.file("config/jingwei.toml", toml::to_string(&table).unwrap());
        integrate(city.path(), &["--full"]);
        let tables = base_tables(city.path());
        std::fs::remove_dir_all(city.path().join("store")).unwrap();
        tables
    };
    let (one, two) = (threads(1), threads(2));
    for (table, (a, b)) in crate::support::BASE.iter().zip(one.iter().zip(&two)) {
        assert!(a.lines().count() > 1, "{table} is empty");
        assert!(a == b, "{table} differs between one and two threads");
    }
}
